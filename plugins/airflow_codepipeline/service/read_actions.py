"""What became of an action in an execution, attempt by attempt: what Airflow and our records keep of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from airflow_codepipeline.actions.timeouts import timeout_of
from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.action_operator import retries_of
from airflow_codepipeline.execution.standing import action_status
from airflow_codepipeline.execution.status import ActionExecutionStatus
from airflow_codepipeline.service.action_execution import ActionExecution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_codepipeline.dag.job_ledger import JobRecord
    from airflow_codepipeline.definition.model import Action
    from airflow_codepipeline.service.evidence import Evidence
    from airflow_codepipeline.service.rows import Past, TaskRow
    from airflow_codepipeline.service.snapshot import ExecutionSnapshot

WAITS_FOR_ANSWER = frozenset({"awaiting_input", "deferred"})
"""The states of a task that waits for an answer: Airflow 3.3's own, and the one before 3.3."""
_ENDED = frozenset({"success", "failed", "up_for_retry", "removed"})


@dataclass(frozen=True, slots=True)
class ActionPlace:
    """An action in an execution, and what is known of it."""

    execution: ExecutionSnapshot
    stage: str
    action: Action
    evidence: Evidence

    @property
    def task_id(self) -> str:
        """The id of its task."""
        return names.task_id(self.stage, self.action.name)

    @property
    def is_approval(self) -> bool:
        """Whether it is a manual approval."""
        return self.action.action_type_id.category == "Approval"

    def generation(self, max_tries: int) -> int:
        """Return how often its task had been cleared, as the task itself reckons it."""
        return max_tries - retries_of(self.action)

    def attempts(self, generation: int) -> list[JobRecord]:
        """Return its attempts since a clear, the first one first."""
        return self.evidence.attempts(self.execution.run.run_id, self.task_id, generation)

    def id_of(self, generation: int, record: JobRecord | None) -> str:
        """Return the id of an attempt; of the first one since a clear, where nothing is kept of it."""
        if record is not None:
            return record.context.action_execution_id
        return names.attempt_id(
            dag=self.execution.pipeline.dag_id,
            run_id=self.execution.run.run_id,
            task=self.task_id,
            generation=generation,
            attempt=1,
        )

    def latest(self) -> ActionExecution | None:
        """Return the newest attempt, or none where the action has not run in this execution."""
        status = action_status(self.execution.stage(self.stage), self.action.name)
        task = self.execution.tasks.get(self.task_id)
        return None if status is None or task is None else self._newest(task, status)

    def all(self, past: Sequence[Past]) -> list[ActionExecution]:
        """Return all attempts that something is kept of, the first one first.

        :param past: the tries of its task before the newest one, the first one first.
        """
        newest, task = self.latest(), self.execution.tasks.get(self.task_id)
        now = self.generation(task.max_tries) if task and newest else None
        tries: dict[int, list[Past]] = {}
        for one in past:
            if one.state in _ENDED and one.start_date is not None:
                tries.setdefault(self.generation(one.max_tries), []).append(one)
        found: list[ActionExecution] = []
        for generation in sorted(tries.keys() - {now}):
            records: list[JobRecord | None] = [*self.attempts(generation)] or [None]
            found += [self._replaced(generation, record) for record in records[:-1]]
            found.append(self._cleared(generation, records[-1], tries[generation]))
        if newest and now is not None:
            found += [self._replaced(now, record) for record in self.attempts(now)[:-1]]
            found.append(newest)
        return found

    def _newest(self, task: TaskRow, status: ActionExecutionStatus) -> ActionExecution:
        run_id, generation = self.execution.run.run_id, self.generation(task.max_tries)
        record = next(reversed(self.attempts(generation)), None)
        succeeded = status is ActionExecutionStatus.SUCCEEDED
        approval = self.evidence.approval(run_id, self.task_id) if self.is_approval else None
        return ActionExecution(
            execution=self.execution,
            stage=self.stage,
            action=self.action,
            id=self.id_of(generation, record),
            status=status,
            started=_start(record) or task.start_date,
            changed=task.end_date or task.start_date,
            waits=self.is_approval and task.state in WAITS_FOR_ANSWER,
            record=record,
            result=self.evidence.result(run_id, self.task_id) if succeeded else None,
            approval=approval,
            failure=self._failure(generation, record),
        )

    def _replaced(self, generation: int, record: JobRecord | None) -> ActionExecution:
        """Return an attempt that failed, and that another followed by itself."""
        return ActionExecution(
            execution=self.execution,
            stage=self.stage,
            action=self.action,
            id=self.id_of(generation, record),
            status=ActionExecutionStatus.FAILED,
            started=_start(record),
            changed=_start(record),
            record=record,
            failure=record.failure if record else None,
        )

    def _cleared(self, generation: int, record: JobRecord | None, tries: Sequence[Past]) -> ActionExecution:
        """Return the last attempt before the task was cleared; what it left is gone."""
        succeeded = tries[-1].state == "success"
        return ActionExecution(
            execution=self.execution,
            stage=self.stage,
            action=self.action,
            id=self.id_of(generation, record),
            status=ActionExecutionStatus.SUCCEEDED if succeeded else ActionExecutionStatus.FAILED,
            started=_start(record) or tries[0].start_date,
            changed=tries[-1].end_date,
            record=record,
            failure=self._failure(generation, record),
        )

    def _failure(self, generation: int, record: JobRecord | None) -> str | None:
        """Return why an attempt failed, if it did and that is known."""
        if record is not None and record.failure is not None:
            return record.failure
        refusal = self.evidence.refusal(self.execution.run.run_id, self.task_id, generation)
        if refusal is None and record is not None and self.is_approval:
            return f"JobFailed: It was not answered by {record.deadline}."
        return refusal


def _start(record: JobRecord | None) -> datetime | None:
    """Return when an attempt began: its deadline says it."""
    if record is None:
        return None
    return datetime.fromisoformat(record.deadline) - timeout_of(record.context.action)
