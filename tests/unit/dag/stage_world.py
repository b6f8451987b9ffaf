"""A stage in memory: its runs, the gates in front of it in several triggerers, and a clock that jumps.

What a gate asks takes time, and takes effect at one instant in between, as a database's answers do. So
two gates can see each other, or not, in every order; a seed decides which.
"""

from __future__ import annotations

import asyncio
import selectors
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.dag.stage_desk import Claim, StageDesk
from airflow_codepipeline.execution.gate import Enter, Superseded

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from random import Random

    from airflow_codepipeline.dag.stage_desk import TaskStates
    from airflow_codepipeline.definition.model import ExecutionMode
    from airflow_codepipeline.execution.gate import Decision, Order

ENTER, EXIT = "Stage.enter", "Stage.exit"
POLL_SECONDS = 2.0
LONGEST_ANSWER = 0.4
LONGEST_EVENT = 6.0
"""Until what a trigger decided stands in the database."""
DEADLINE = 1_000.0


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop in which no time passes while something can be done, and waiting takes none."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self._now

    def jump(self, seconds: float) -> None:
        self._now += seconds


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self, loop: JumpingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        assert timeout is not None
        self._loop.jump(timeout)
        return []


def run(main: Coroutine[Any, Any, Any]) -> None:
    loop = JumpingLoop()
    try:
        loop.run_until_complete(main)
    finally:
        loop.close()


@dataclass(frozen=True)
class Stay:
    """A time that a run was inside."""

    run_id: str
    entered: float
    left: float


@dataclass(kw_only=True)
class Visit:
    """One run and its way through the stage.

    :param arrives: when its gate begins, in seconds.
    :param stays: how long it is inside.
    :param desk: in which triggerer its gate is.
    :param cancelled: how long after that its trigger is cancelled, to begin again in the next triggerer;
        none: never.
    :param cleared: how long after it went in a user clears it, so that it comes again; none: never.
    :param begins: when Airflow creates the run, if that is before it arrives; none: before all.
    :param starting: how long its task is with the triggerer before its gate does anything.
    """

    run_id: str
    order: Order
    arrives: float
    stays: float
    desk: int
    cancelled: float | None = None
    cleared: float | None = None
    tasks: dict[str, str | None] = field(default_factory=lambda: {ENTER: None, EXIT: None})
    claim: Claim | None = None
    begins: float | None = None
    starting: float = 0.0
    arrived: float | None = None
    superseded_by: str | None = None


class World:
    """The stage, as its desks see it through `View`, and a record of what happened.

    :param opens: when the transition into the stage, disabled at first, is enabled; none: it is all the time.
    :param scan: how long it takes to read the states of all runs, in seconds: what a long history does.
    """

    def __init__(
        self,
        visits: list[Visit],
        *,
        mode: ExecutionMode,
        desks: int,
        random: Random,
        opens: float | None = None,
        scan: float = 0.0,
    ) -> None:
        self.opens = opens
        self.scan = scan
        self.late: tuple[float, str, Claim] | None = None
        """What is written behind a gate's back: when, of which run, and what."""
        self.scans = 0
        self.register: list[str] | None = None
        self.visits = {visit.run_id: visit for visit in visits}
        self.mode = mode
        self.random = random
        self.desks = [StageDesk(ENTER, EXIT) for _ in range(desks)]
        self.stays: list[Stay] = []
        self.trace: list[str] = []

    def run(self) -> None:
        """Let every run come, and go; give up where somebody waits for ever."""
        try:
            run(self._all())
        except TimeoutError:
            self.trace.append(f"{DEADLINE:8.2f} somebody still waits")

    @property
    def entered(self) -> list[str]:
        """The runs that went in, in that order."""
        return [stay.run_id for stay in sorted(self.stays, key=lambda stay: stay.entered)]

    async def _all(self) -> None:
        async with asyncio.timeout(DEADLINE), asyncio.TaskGroup() as self.group:
            if self.late:
                self.group.create_task(self._write_late(*self.late))
            for visit in self.visits.values():
                self.group.create_task(self._visit(visit))

    async def _write_late(self, when: float, run_id: str, claim: Claim) -> None:
        await asyncio.sleep(when)
        self.visits[run_id].claim = claim
        self.note(self.visits[run_id], f"is overwritten by {claim}")

    async def _visit(self, visit: Visit) -> None:
        await asyncio.sleep(visit.arrives)
        visit.tasks[ENTER] = "deferred"
        await asyncio.sleep(visit.starting)
        if not await self._admitted(visit, await self._gate(visit)):
            return
        if visit.cleared is not None:
            await self._stay(visit, visit.cleared)
            visit.tasks[ENTER] = "deferred"
            self.note(visit, "is cleared")
            await asyncio.sleep(self.random.uniform(0, LONGEST_EVENT))
            if not await self._admitted(visit, await self._wait(visit, self._next(visit.desk))):
                return
        await self._stay(visit, visit.stays)
        visit.tasks[EXIT] = "success"

    async def _admitted(self, visit: Visit, decision: Decision) -> bool:
        if isinstance(decision, Superseded):
            visit.superseded_by = decision.by[1]
            self.note(visit, f"is superseded by {visit.superseded_by}")
            await asyncio.sleep(self.random.uniform(0, LONGEST_EVENT))
            visit.tasks |= {ENTER: "skipped", EXIT: "skipped"}
        return isinstance(decision, Enter)

    async def _stay(self, visit: Visit, seconds: float) -> None:
        entered = self.now
        self.note(visit, "enters")
        await asyncio.sleep(self.random.uniform(0, LONGEST_EVENT))
        visit.tasks[ENTER] = "success"
        await asyncio.sleep(seconds)
        self.note(visit, "leaves")
        self.stays.append(Stay(visit.run_id, entered, self.now))

    async def _gate(self, visit: Visit) -> Decision:
        """Wait at a desk; where the trigger is cancelled meanwhile, at the next one after that."""
        try:
            async with asyncio.timeout(visit.cancelled):
                return await self._wait(visit, visit.desk)
        except TimeoutError:
            self.note(visit, f"is cancelled at desk {visit.desk}")
            await asyncio.sleep(self.random.uniform(0, 5))
            return await self._wait(visit, self._next(visit.desk))

    def _next(self, desk: int) -> int:
        return (desk + 1) % len(self.desks)

    async def _wait(self, visit: Visit, number: int) -> Decision:
        """Do what `StageGateTrigger` does."""
        desk, view = self.desks[number], View(self)
        self.note(visit, f"comes to desk {number}")
        try:
            await desk.arrive(visit.run_id, Claim(order=visit.order), view)
            visit.arrived = self.now if visit.arrived is None else visit.arrived
            while True:
                decision = await desk.decide(self.mode, visit.run_id, view)
                if isinstance(decision, (Enter, Superseded)):
                    return decision
                await asyncio.sleep(POLL_SECONDS)
        finally:
            desk.leave(visit.run_id)

    @property
    def begun(self) -> dict[str, Visit]:
        """The runs that Airflow has created by now."""
        return {
            run: visit
            for run, visit in self.visits.items()
            if min(visit.begins or 0.0, visit.arrives) <= self.now
        }

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def pause(self) -> None:
        await asyncio.sleep(self.random.uniform(0, LONGEST_ANSWER))

    def note(self, visit: Visit, what: str) -> None:
        self.trace.append(f"{self.now:8.2f} {visit.run_id} {what}")

    def __str__(self) -> str:
        return "\n".join(self.trace)


class View:
    """The stage, as Airflow shows it to a trigger: a `StageView`."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def disabled(self) -> bool:
        await self.world.pause()
        opens = self.world.opens
        return opens is not None and self.world.now < opens

    async def open_runs(self) -> int:
        await self.world.pause()
        count = sum(visit.tasks[EXIT] is None for visit in self.world.begun.values())
        await self.world.pause()
        return count

    async def states(self, run_ids: list[str] | None) -> TaskStates:
        await self.world.pause()
        begun = self.world.begun
        states = {run: dict(begun[run].tasks) for run in (begun if run_ids is None else run_ids)}
        if run_ids is None:
            self.world.scans += 1
            await asyncio.sleep(self.world.scan)
        await self.world.pause()
        return states

    async def register(self) -> list[str] | None:
        await self.world.pause()
        registered = self.world.register
        await self.world.pause()
        return registered

    async def write_register(self, run_ids: list[str]) -> None:
        await self.world.pause()
        self.world.register = list(run_ids)
        await self.world.pause()

    async def claim(self, run_id: str) -> Claim | None:
        await self.world.pause()
        claim = self.world.visits[run_id].claim
        await self.world.pause()
        return claim

    async def announce(self, run_id: str, claim: Claim) -> None:
        await self.world.pause()
        self.world.visits[run_id].claim = claim
        self.world.note(self.world.visits[run_id], f"announces {claim}")
        await self.world.pause()

    async def will_retry(self, run_id: str) -> bool:
        return False
