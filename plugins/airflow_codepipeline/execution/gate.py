"""Who enters a stage: the decision a gate makes, from what it sees of the other executions.

A stage holds one execution. In SUPERSEDED mode one more may wait in front of it, the newest; in QUEUED
mode all wait in the order of their start; in PARALLEL mode nobody waits. Source: CodePipeline user
guide, "How pipeline executions work" and "Set the pipeline execution mode".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from airflow_codepipeline.definition.model import ExecutionMode

Order = tuple[str, str]
"""When an execution started (ISO 8601, UTC) and its run id: what "older" and "newer" mean."""


class Presence(Enum):
    """Where another execution is, as seen from a stage's gate."""

    ARRIVING = "arriving"
    """Its gate has begun and has not said yet when the execution started."""
    WAITING = "waiting"
    """It has arrived and not been let in."""
    ENTERING = "entering"
    """It has announced that it goes in: it will be inside, or will step back."""
    INSIDE = "inside"
    """It holds the stage."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """An execution at or in a stage.

    :param waited: it found the stage occupied once, so that its arrival is older than the last change.
    :param again: it was inside and is retried there: it has passed the transition already, and does not give
        way to those that wait in front of it.
    :param rolls_back: it answers the failure of an execution that was inside, by itself. It comes in the
        place and with the order of that one: before those that wait, and not after any of them.
    """

    order: Order
    presence: Presence
    waited: bool = False
    again: bool = False
    rolls_back: bool = False

    @property
    def goes_first(self) -> bool:
        """Whether the transition, and those that wait there, are none of its concern."""
        return self.again or self.rolls_back


@dataclass(frozen=True, slots=True)
class Enter:
    """Go in."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again later; `behind` says for whom, or is none where the transition is disabled."""

    behind: Order | None


@dataclass(frozen=True, slots=True)
class Superseded:
    """Give way for good: a newer execution takes the one waiting place."""

    by: Order


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Give way for good: the definition changed, and another is not gone on with."""

    reason: str


Decision = Enter | Wait | Superseded


def decide(
    mode: ExecutionMode, me: Visitor, others: Collection[Visitor], *, disabled: bool = False
) -> Decision:
    """Decide what the execution `me`, waiting at the gate, does next.

    :param others: every other execution that waits at the gate, goes in or is inside.
    :param disabled: whether the transition into the stage is disabled: nobody goes in, and while they wait
        the rules of the mode hold.
    """
    disabled = disabled and not me.goes_first
    if me.rolls_back and (overtaken_by := _newer_inside(me, others)):
        return Superseded(overtaken_by)
    if mode == "PARALLEL":
        return Wait(None) if disabled else Enter()
    if mode == "QUEUED":
        return _in_order(me, others, disabled=disabled)
    return _newest_wins(me, others, disabled=disabled)


def _in_order(me: Visitor, others: Collection[Visitor], *, disabled: bool) -> Decision:
    ahead = [other.order for other in others if _is_ahead(other, me)]
    if ahead:
        return Wait(max(ahead))
    return Wait(None) if disabled else Enter()


def _is_ahead(other: Visitor, me: Visitor) -> bool:
    """Tell whether `me` goes in after another: who is retried comes before all who wait, then the older."""
    if other.presence is Presence.INSIDE:
        return True
    if other.goes_first != me.goes_first:
        return other.goes_first
    return other.presence is Presence.WAITING and other.order < me.order


def _newest_wins(me: Visitor, others: Collection[Visitor], *, disabled: bool) -> Decision:
    if overtaken_by := _newer_inside(me, others):
        return Superseded(overtaken_by)
    inside = [other.order for other in others if other.presence is Presence.INSIDE]
    waiting = [other for other in others if other.presence is Presence.WAITING]
    newer = [other.order for other in waiting if other.order > me.order]
    if newer and not me.goes_first and (inside or disabled or me.waited):
        return Superseded(max(newer))
    if inside or disabled:
        return Wait(max(inside, default=None))
    if first := [other.order for other in waiting if other.goes_first and not me.goes_first]:
        return Wait(max(first))
    # The stage is free and several arrive at once: the oldest takes it, as it would have a moment later.
    older_fresh = [other.order for other in waiting if other.order < me.order and not other.waited]
    return Wait(max(older_fresh)) if older_fresh and not me.waited else Enter()


def _newer_inside(me: Visitor, others: Collection[Visitor]) -> Order | None:
    inside = (other.order for other in others if other.presence is Presence.INSIDE)
    return max((order for order in inside if order > me.order), default=None)


def steps_back(me: Order, entering: Collection[Order]) -> bool:
    """Tell whether `me`, having announced that it goes in, gives way to others that announced it too.

    Of two gates that look at the same moment each sees the other's announcement or one of them is inside
    already: the older goes in, the newer steps back, and nobody goes in before the other has decided.
    """
    return any(other < me for other in entering)
