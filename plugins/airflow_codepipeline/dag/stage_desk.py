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

from airflow_codepipeline.execution.gate import Enter, Order, Presence, Visitor, Wait, decide, steps_back
from airflow_codepipeline.execution.status import FINISHED_TASK_STATES

if TYPE_CHECKING:
    from airflow_codepipeline.definition.model import ExecutionMode
    from airflow_codepipeline.execution.gate import Decision

FRESH_SECONDS = 0.5
CONFIRMING_LOOKS = 10
CONFIRMING_PAUSE = 0.2

TaskStates = dict[str, dict[str, str | None]]
"""Task states by run id and task id."""


class StageView(Protocol):
    """What a gate can ask Airflow: `airflow_codepipeline.dag.stage_view.AirflowStageView` in a run."""

    async def disabled(self) -> bool:
        """Return whether the transition into the stage is disabled."""

    async def open_runs(self) -> int:
        """Return how many runs have not left the stage: those that never came to it among them."""

    async def states(self, run_ids: list[str] | None) -> TaskStates:
        """Return the states of the stage's enter and exit tasks, of all runs where none are named."""

    async def claim(self, run_id: str) -> Claim | None:
        """Return what another run's gate has announced, or none."""

    async def announce(self, run_id: str, claim: Claim) -> None:
        """Make a claim visible to the gates of other runs."""


class Claim(msgspec.Struct, frozen=True):
    """What a gate tells the others about its execution."""

    order: Order
    entering: bool = False
    waited: bool = False

    def visitor(self) -> Visitor:
        """Return the execution as the others see it."""
        presence = Presence.ENTERING if self.entering else Presence.WAITING
        return Visitor(self.order, presence, self.waited)


@dataclass(slots=True)
class StageDesk:
    """The gates of one stage in this process.

    :param enter_task: the id of the stage's gate task.
    :param exit_task: the id of the task that frees the stage.
    """

    enter_task: str
    exit_task: str
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    claims: dict[str, Claim] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    let_in: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    disabled: bool = False
    looked_at: float = 0.0
    visitors: dict[str, Visitor] = field(default_factory=dict)

    async def decide(self, mode: ExecutionMode, run_id: str, view: StageView) -> Decision:
        """Decide for one waiting execution; an `Enter` is announced and proof against other triggerers."""
        async with self.lock:
            decision = await self._decide(mode, run_id, view)
            if isinstance(decision, Wait) and not self.claims[run_id].waited:
                await self._announce(run_id, view, waited=True)
            return decision

    async def _decide(self, mode: ExecutionMode, run_id: str, view: StageView) -> Decision:
        decision = self._judge(mode, run_id, await self._look(view))
        if not isinstance(decision, Enter):
            return decision
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
        for _ in range(CONFIRMING_LOOKS):
            visitors = await self._look(view, fresh=True)
            decision = self._judge(mode, run_id, visitors)
            entering = [
                visitor.order
                for other, visitor in visitors.items()
                if other != run_id and visitor.presence is Presence.ENTERING
            ]
            if not entering or not isinstance(decision, Enter):
                return decision
            if steps_back(self.claims[run_id].order, entering):
                break
            await asyncio.sleep(CONFIRMING_PAUSE)
        return Wait(min(entering))

    def _judge(self, mode: ExecutionMode, run_id: str, visitors: dict[str, Visitor]) -> Decision:
        me = self.claims[run_id].visitor()
        others = [visitor for other, visitor in visitors.items() if other != run_id]
        return decide(mode, me, others, disabled=self.disabled)

    async def _announce(self, run_id: str, view: StageView, **changes: bool) -> None:
        claim = msgspec.structs.replace(self.claims[run_id], **changes)
        self.claims[run_id] = claim
        await view.announce(run_id, claim)

    async def _look(self, view: StageView, *, fresh: bool = False) -> dict[str, Visitor]:
        """Return who waits, goes in or is inside; one look serves all gates that ask within a moment."""
        if fresh or time.monotonic() - self.looked_at > FRESH_SECONDS:
            self.disabled = await view.disabled()
            states = await self._open_states(view)
            self.let_in &= states.keys()
            self.orders = {run: order for run, order in self.orders.items() if run in states}
            self.visitors = {
                run: visitor
                for run, tasks in states.items()
                if (visitor := await self._visitor(run, tasks, view)) is not None
            }
            self.looked_at = time.monotonic()
        return self.visitors | {
            run: claim.visitor() for run, claim in self.claims.items() if run not in self.let_in
        }

    async def _open_states(self, view: StageView) -> TaskStates:
        """Return the states of the runs that have not left the stage.

        A history may be long: first the runs known to be open are asked for; all, only if some are missing.
        """
        known = self._only_open(await view.states(sorted(self.open | self.claims.keys())))
        if len(known) != await view.open_runs():
            known = self._only_open(await view.states(None))
        self.open = set(known)
        return known

    def _only_open(self, states: TaskStates) -> TaskStates:
        return {run: tasks for run, tasks in states.items() if self._is_open(tasks)}

    def _is_open(self, tasks: dict[str, str | None]) -> bool:
        return tasks.get(self.exit_task) not in FINISHED_TASK_STATES

    async def _visitor(self, run: str, tasks: dict[str, str | None], view: StageView) -> Visitor | None:
        state = tasks.get(self.enter_task)
        if state == "success":
            self.let_in.discard(run)
            return Visitor(await self._order(run, view), Presence.INSIDE)
        if state in FINISHED_TASK_STATES or (run in self.claims and run not in self.let_in):
            return None
        claim = await view.claim(run)
        if run in self.let_in and (claim is None or claim.entering):
            return Visitor(await self._order(run, view), Presence.INSIDE)
        # Where it was let in and announces anew, it was cleared and has come again, perhaps elsewhere.
        self.let_in.discard(run)
        return claim.visitor() if claim else None

    async def _order(self, run: str, view: StageView) -> Order:
        if run not in self.orders:
            claim = self.claims.get(run) or await view.claim(run)
            self.orders[run] = claim.order if claim else ("", run)
        return self.orders[run]

    async def arrive(self, run_id: str, order: Order, view: StageView) -> None:
        """Put an execution in front of the gate."""
        async with self.lock:
            earlier = await view.claim(run_id)
            self.let_in.discard(run_id)
            self.claims[run_id] = Claim(order=order, waited=earlier is not None and earlier.waited)
            await view.announce(run_id, self.claims[run_id])
            self.looked_at = 0.0

    def leave(self, run_id: str) -> None:
        """Forget an execution that no longer waits here."""
        self.claims.pop(run_id, None)
