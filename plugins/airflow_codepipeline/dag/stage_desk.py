"""What a stage's gates see of each other, and how they speak: the desk that all gates of a stage share.

In one triggerer the gates take turns under a lock. Across triggerers nothing is atomic, but a gate's
claim (an XCom of its task) is seen by every gate that looks after it was written. So a gate that may go
in announces it first and looks again: see `execution.gate.steps_back`.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import msgspec

from airflow_codepipeline.dag.open_runs import Acquaintances, OpenRuns, RunsView, TaskStates
from airflow_codepipeline.execution.gate import Enter, Order, Presence, Visitor, Wait, decide, steps_back
from airflow_codepipeline.execution.status import UNDER_WAY

if TYPE_CHECKING:
    from airflow_codepipeline.definition.model import ExecutionMode
    from airflow_codepipeline.execution.gate import Decision

CLAIM_KEY = "claim"
"""The XCom of a gate that holds what it announces."""
FRESH_SECONDS = 0.5
STALE_SECONDS = 2.0
LOOK_SHARE = 10
"""A look serves for so many times as long as it took, at least and at most for those seconds."""
CONFIRMING_LOOKS = 10
CONFIRMING_PAUSE = 0.2
_UNSURE = Wait(None)
"""Nobody known stands in the way, and not all are known."""


class StageView(RunsView, Protocol):
    """What a gate can ask Airflow: `airflow_codepipeline.dag.stage_view.AirflowStageView` in a run."""

    async def disabled(self) -> bool:
        """Return whether the transition into the stage is disabled."""

    async def claim(self, run_id: str) -> Claim | None:
        """Return what another run's gate has announced, or none."""

    async def announce(self, run_id: str, claim: Claim) -> None:
        """Make a claim visible to the gates of other runs."""

    async def will_retry(self, run_id: str) -> bool:
        """Return whether a run that has left the stage is about to come again by an automatic retry."""


class Claim(msgspec.Struct, frozen=True):
    """What a gate tells the others about its execution.

    :param cleared: how often the run had been cleared when it arrived. Whoever acts for the execution within
        the stage compares it, so as to notice a clear that passed the gate by.
    :param again: whether the execution was inside and is retried there.
    :param rolls_back: whether it answers the failure of another one by itself.
    """

    order: Order
    entering: bool = False
    waited: bool = False
    cleared: int = 0
    again: bool = False
    rolls_back: bool = False

    def visitor(self) -> Visitor:
        """Return the execution as the others see it."""
        presence = Presence.ENTERING if self.entering else Presence.WAITING
        return Visitor(self.order, presence, self.waited, self.again, self.rolls_back)


@dataclass(slots=True)
class StageDesk:
    """The gates of one stage in this process.

    :param enter_task: the id of the stage's gate task.
    :param exit_task: the id of the task that frees the stage.
    :param retry_task: the id of the task that decides on an automatic retry of the stage, if it has one.
    :param acquaintances: the runs of the pipeline that its desks in this process have met.
    """

    enter_task: str
    exit_task: str
    retry_task: str | None = None
    acquaintances: Acquaintances = field(default_factory=Acquaintances)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    claims: dict[str, Claim] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    let_in: set[str] = field(default_factory=set)
    runs: OpenRuns = field(init=False)
    disabled: bool = False
    looked_at: float = 0.0
    serves: float = 0.0
    visitors: dict[str, Visitor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.runs = OpenRuns(self.exit_task, self.acquaintances)

    async def decide(self, mode: ExecutionMode, run_id: str, view: StageView) -> Decision:
        """Decide for one waiting execution; an `Enter` is announced and proof against other triggerers."""
        async with self.lock:
            decision = await self._decide(mode, run_id, view)
            if isinstance(decision, Wait) and decision is not _UNSURE and not self.claims[run_id].waited:
                await self._announce(run_id, view, waited=True)
            return decision

    async def _decide(self, mode: ExecutionMode, run_id: str, view: StageView) -> Decision:
        decision = self._judge(mode, run_id, await self._look(view))
        if not isinstance(decision, Enter):
            return decision
        if not self.runs.complete:
            return _UNSURE
        await self._announce(run_id, view, entering=True)
        decision = await self._confirm(mode, run_id, view)
        if isinstance(decision, Enter):
            self.let_in.add(run_id)
        else:
            await self._announce(run_id, view, entering=False)
        return decision

    async def _confirm(self, mode: ExecutionMode, run_id: str, view: StageView) -> Decision:
        """Look again until every other announcement is decided: the others step back or are inside.

        One that stays undecided is of a gate that ended in the midst of it, and comes again: then this one
        steps back too, for a gate that comes again needs the lock.
        """
        entering: list[Order] = []
        for number in range(CONFIRMING_LOOKS):
            visitors = await self._look(view, fresh=True, insist=number == 0)
            decision = self._judge(mode, run_id, visitors)
            entering = [
                visitor.order
                for other, visitor in visitors.items()
                if other != run_id and visitor.presence is Presence.ENTERING
            ]
            if not isinstance(decision, Enter):
                return decision
            if not self.runs.complete:
                return _UNSURE
            if not entering and await self._is_announced(run_id, view):
                return decision
            if steps_back(self.claims[run_id].order, entering):
                break
            await asyncio.sleep(CONFIRMING_PAUSE)
        return Wait(min(entering)) if entering else _UNSURE

    async def _is_announced(self, run_id: str, view: StageView) -> bool:
        """Tell whether the others see what was announced; announce it anew where they do not.

        A triggerer that hung, and whose gates have come again elsewhere, may still write what they said.
        """
        if await view.claim(run_id) == self.claims[run_id]:
            return True
        await self._announce(run_id, view)
        return False

    def _judge(self, mode: ExecutionMode, run_id: str, visitors: dict[str, Visitor]) -> Decision:
        me = self.claims[run_id].visitor()
        others = [visitor for other, visitor in visitors.items() if other != run_id]
        there = {other.presence for other in others}
        free = Presence.INSIDE not in there and not self.disabled
        # Whoever arrives may be older: of executions that start at once nobody overtakes another.
        if free and Presence.ARRIVING in there and not me.goes_first:
            return _UNSURE
        return decide(mode, me, others, disabled=self.disabled)

    async def _announce(self, run_id: str, view: StageView, **changes: bool) -> None:
        claim = msgspec.structs.replace(self.claims[run_id], **changes)
        self.claims[run_id] = claim
        await view.announce(run_id, claim)

    async def _look(
        self, view: StageView, *, fresh: bool = False, insist: bool = False
    ) -> dict[str, Visitor]:
        """Return who waits, goes in or is inside; one look serves all gates that ask within a moment."""
        began = time.monotonic()
        if fresh or began - self.looked_at > self.serves:
            self.disabled = await view.disabled()
            states = await self._open_states(view, insist=insist)
            self.let_in &= states.keys()
            self.orders = {run: order for run, order in self.orders.items() if run in states}
            self.visitors = {
                run: visitor
                for run, tasks in states.items()
                if (visitor := await self._visitor(run, tasks, view)) is not None
            }
            self.looked_at = time.monotonic()
            took = self.looked_at - began
            self.serves = min(STALE_SECONDS, max(FRESH_SECONDS, LOOK_SHARE * took))
        return self.visitors | {
            run: claim.visitor() for run, claim in self.claims.items() if run not in self.let_in
        }

    async def _open_states(self, view: StageView, *, insist: bool) -> TaskStates:
        """Return the states of the runs that have not left the stage, or leave it for a moment only."""
        known = frozenset(self.runs.known)
        found, seen = await self.runs.look(self.claims, view, insist=insist)
        left = {run: seen[run] for run in known & seen.keys() if run not in found}
        held = {run: tasks for run, tasks in left.items() if await self._is_held(run, tasks, view)}
        self.runs.known |= held.keys()
        return found | held

    async def _is_held(self, run: str, tasks: dict[str, str | None], view: StageView) -> bool:
        """Tell whether a run that has just left keeps the stage, since it is retried in a moment.

        An automatic retry does not pass the gate again: nobody else is to slip in.
        """
        decided = self.retry_task is not None and tasks.get(self.retry_task) == "success"
        return decided and await view.will_retry(run)

    async def _visitor(self, run: str, tasks: dict[str, str | None], view: StageView) -> Visitor | None:
        state = tasks.get(self.enter_task)
        if state == "success":
            self.let_in.discard(run)
            return Visitor(await self._order(run, view), Presence.INSIDE)
        if state not in UNDER_WAY:
            # What a run announced before it was cleared is no word of a gate that has not begun again.
            self.let_in.discard(run)
            return None
        if run in self.claims and run not in self.let_in:
            return None
        claim = await view.claim(run)
        if run in self.let_in and (claim is None or claim.entering):
            return Visitor(await self._order(run, view), Presence.INSIDE)
        # Where it was let in and announces anew, it was cleared and has come again, perhaps elsewhere.
        self.let_in.discard(run)
        return claim.visitor() if claim else Visitor(("", run), Presence.ARRIVING)

    async def _order(self, run: str, view: StageView) -> Order:
        if run not in self.orders:
            claim = self.claims.get(run) or await view.claim(run)
            self.orders[run] = claim.order if claim else ("", run)
        return self.orders[run]

    async def arrive(self, run_id: str, arriving: Claim, view: StageView) -> None:
        """Put an execution in front of the gate; one that comes again after a clear has not waited yet."""
        await self.acquaintances.meet(run_id, view)
        async with self.lock:
            earlier = await view.claim(run_id)
            waited = earlier is not None and earlier.waited and earlier.cleared == arriving.cleared
            self.let_in.discard(run_id)
            self.claims[run_id] = arriving
            await self._announce(run_id, view, waited=waited)
            self.looked_at = 0.0

    def leave(self, run_id: str, *, cleared: int = 0) -> None:
        """Forget an execution that no longer waits here.

        :param cleared: how often its run was cleared when it arrived. Airflow begins the trigger of a gate
            that was cleared before it cancels the one before: what has come again is not forgotten.
        """
        if run_id in self.claims and self.claims[run_id].cleared == cleared:
            del self.claims[run_id]
