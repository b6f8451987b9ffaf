"""How an execution stands, as a trigger can see it: two questions for all who are told of it here."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakValueDictionary

import msgspec

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.approval import QUESTION
from airflow_codepipeline.dag.outcomes import KEYS, outcome_of
from airflow_codepipeline.dag.supervisor import ask, pull_xcom
from airflow_codepipeline.events.look import Look, Outcome, StageLook, with_marks
from airflow_codepipeline.execution.conditions import LABELS
from airflow_codepipeline.execution.records import LOOKS

if TYPE_CHECKING:
    from airflow_codepipeline.events.subject import ReportedAction, ReportedStage, Subject
    from airflow_codepipeline.execution.status import ActionExecutionStatus

SERVES_SECONDS = 2.0
"""How long a look serves everybody in this process."""


class Sight(NamedTuple):
    """What was seen.

    :param left: the looks that were left, the oldest first.
    :param seen: the look that was taken; none where another was left meanwhile, which may be newer.
    """

    left: list[Look]
    seen: Look | None


class ExecutionWatch:
    """One execution; made by `watch`."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._lock = asyncio.Lock()
        self._looked_at = float("-inf")
        self._sight: Sight | None = Sight([], None)

    async def look(self) -> Sight | None:
        """Return how the execution stands, or none where Airflow has no such run any more."""
        async with self._lock:
            if self._sight is not None and time.monotonic() - self._looked_at > SERVES_SECONDS:
                self._sight = await self._look(known=len(self._sight.left))
                self._looked_at = time.monotonic()
            return self._sight

    async def outcome(self, stage: str, action: ReportedAction, status: ActionExecutionStatus) -> Outcome:
        """Return what became of an action that has ended."""
        key = KEYS.get(status)
        left = await self._xcom(names.task_id(stage, action.name), key) if key else None
        return outcome_of(action, status, left)

    async def question(self, stage: str, action: str) -> dict[str, Any]:
        """Return the configuration of an approval that asks."""
        asked = await self._xcom(names.task_id(stage, action), QUESTION)
        return asked if isinstance(asked, dict) else {}

    async def _look(self, *, known: int) -> Sight | None:
        """Look.

        :param known: how many looks were left when it was looked last: the states are newer than those.
        """
        from airflow.sdk.execution_time.comms import GetTaskStates

        subject = self._subject
        at = datetime.now(UTC).isoformat()
        answer = await ask(GetTaskStates(dag_id=subject.dag_id, run_ids=[subject.run_id]))
        states: dict[str, str | None] | None = answer.task_states.get(subject.run_id)
        if not states:
            return None
        left = msgspec.convert(await self._xcom(subject.home, LOOKS) or [], list[Look])
        if not left or len(left) != known:
            return Sight(left, None)
        stages = tuple(stage_look(stage, states) for stage in subject.stages)
        seen = Look(at=at, attempt=left[-1].attempt, run="running", seen=True, stages=stages)
        return Sight(left, with_marks(seen, left[-1]))

    async def _xcom(self, task_id: str, key: str) -> Any:
        subject = self._subject
        return await pull_xcom(dag_id=subject.dag_id, run_id=subject.run_id, task_id=task_id, key=key)


_watches: WeakValueDictionary[tuple[str, str], ExecutionWatch] = WeakValueDictionary()


def watch(subject: Subject) -> ExecutionWatch:
    """Return the one watch of this process on an execution."""
    key = subject.dag_id, subject.run_id
    found = _watches.get(key)
    if found is None:
        found = _watches[key] = ExecutionWatch(subject)
    return found


def stage_look(stage: ReportedStage, states: dict[str, str | None]) -> StageLook:
    """Return how an execution stands in a stage, from the states of its tasks by their ids."""
    hooks = {label: names.condition_id(stage.name, hook) for hook, label in LABELS.items()}
    return StageLook(
        name=stage.name,
        enter=states.get(names.enter_id(stage.name)),
        exit=states.get(names.exit_id(stage.name)),
        done=states.get(names.done_id(stage.name)),
        hooks={label: states[task] for label, task in hooks.items() if task in states},
        actions={action.name: states.get(names.task_id(stage.name, action.name)) for action in stage.actions},
    )
