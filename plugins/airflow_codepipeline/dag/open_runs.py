"""Which runs have not left a stage, found without reading a long history at every look.

Airflow tells a trigger how many runs are open, and the states of runs that it names; it lists none. So a desk
asks for the runs that it has reason to know, and believes that these are all only where the number is right.
Only where it is not, the states of all runs are read, which takes a millisecond for each.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from airflow_codepipeline.execution.status import FINISHED_TASK_STATES

if TYPE_CHECKING:
    from collections.abc import Collection

TaskStates = dict[str, dict[str, str | None]]
"""Task states by run id and task id."""

SCAN_SHARE = 10
"""How many times as long as it took to read all runs nothing is read again: a tenth of the time at most."""
SHORT_SCAN_SECONDS = 0.3
"""What a scan may take that is made whenever it is of use: a few hundred runs."""
LONG_SCAN_SECONDS = 1.0
"""What a scan takes from which on runs are registered for the desks of other processes."""
DOUBTS = 3
"""How many looks in a row must miss somebody before a long history is read."""
MOST_ACQUAINTANCES = 100


class RunsView(Protocol):
    """What is asked of Airflow about runs."""

    async def open_runs(self) -> int:
        """Return how many runs have not left the stage: those that never came to it among them."""

    async def states(self, run_ids: list[str] | None) -> TaskStates:
        """Return the states of the stage's enter and exit tasks, of all runs where none are named."""

    async def register(self) -> list[str] | None:
        """Return the runs that the gates of the pipeline have registered, or none where they do not."""

    async def write_register(self, run_ids: list[str]) -> None:
        """Register runs. Nothing is lost where two write at once: it is a hint, and the number decides."""


@dataclass(slots=True)
class Acquaintances:
    """The runs of a pipeline that this process has met at any of its gates, the newest last."""

    runs: dict[str, None] = field(default_factory=dict)

    async def meet(self, run_id: str, view: RunsView) -> None:
        """Remember a run; register it where the pipeline's runs are registered."""
        if run_id in self.runs:
            return
        self.runs[run_id] = None
        while len(self.runs) > MOST_ACQUAINTANCES:
            del self.runs[next(iter(self.runs))]
        registered = await view.register()
        if registered is not None and run_id not in registered:
            await view.write_register([*registered, run_id][-MOST_ACQUAINTANCES:])


@dataclass(slots=True)
class OpenRuns:
    """The runs that have not left a stage, as a desk knows them.

    :param exit_task: the id of the task that frees the stage.
    :param known: those that the last look found.
    :param complete: whether the last look has found all of them.
    """

    exit_task: str
    acquaintances: Acquaintances
    known: set[str] = field(default_factory=set)
    complete: bool = False
    doubts: int = 0
    next_scan: float = 0.0
    long: bool = False

    async def look(
        self, own: Collection[str], view: RunsView, *, insist: bool
    ) -> tuple[TaskStates, TaskStates]:
        """Return the states of what is open, and of all that was asked for.

        :param own: runs that wait at the desk.
        :param insist: whether all runs are read if need be, however long that took the last time.
        """
        asked: set[str] = self.known | set(own)
        seen: TaskStates = {}
        for more in (self._nobody, self._met, self._registered):
            asked |= await more(view)
            before = await view.open_runs()
            seen = await view.states(sorted(asked)) if asked else {}
            found = self._only_open(seen)
            # A run that leaves in between must not stand for one that is not known.
            self.complete = before == len(found) == await view.open_runs()
            if self.complete:
                break
        self.doubts = 0 if self.complete else self.doubts + 1
        if not self.complete and (insist or self._may_scan()):
            found = await self._scan(view)
        self.known = set(found)
        return found, seen

    def _may_scan(self) -> bool:
        """Tell whether it is time to read all runs: a run that has just begun will soon say who it is."""
        return time.monotonic() >= self.next_scan and not (self.long and self.doubts < DOUBTS)

    def is_open(self, tasks: dict[str, str | None]) -> bool:
        """Tell from the states of a run's tasks whether it has not left the stage."""
        return tasks.get(self.exit_task) not in FINISHED_TASK_STATES

    def _only_open(self, states: TaskStates) -> TaskStates:
        return {run: tasks for run, tasks in states.items() if self.is_open(tasks)}

    async def _scan(self, view: RunsView) -> TaskStates:
        began = time.monotonic()
        found = self._only_open(await view.states(None))
        took = time.monotonic() - began
        self.complete = True
        self.next_scan = began + took + (SCAN_SHARE * took if took > SHORT_SCAN_SECONDS else 0.0)
        self.long = took > LONG_SCAN_SECONDS
        if self.long:
            others = [run for run in await view.register() or () if run not in found]
            await view.write_register([*others, *sorted(found)][-MOST_ACQUAINTANCES:])
        return found

    async def _nobody(self, view: RunsView) -> set[str]:  # noqa: ARG002 - as the others
        return set()

    async def _met(self, view: RunsView) -> set[str]:  # noqa: ARG002 - as the others
        return set(self.acquaintances.runs)

    async def _registered(self, view: RunsView) -> set[str]:
        return set(await view.register() or ())
