"""The conditions of a local execution's stages, evaluated by the tasks that evaluate them on Airflow."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec
from airflow.sdk.exceptions import AirflowException, DownstreamTasksSkipped

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.condition_outcome import ConditionOutcome
from airflow_codepipeline.dag.result import XCOM_KEY
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.execution.conditions import LABELS, ConditionStatus
from airflow_codepipeline.execution.records import RETRIES, StageRetries

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import DAG

    from airflow_codepipeline.definition.model import RetryMode, Stage
    from airflow_codepipeline.execution.conditions import ConditionHook
    from airflow_codepipeline.local.observer import Observer
    from airflow_codepipeline.local.task_context import XComs
    from airflow_codepipeline.local.task_runner import TaskRunner

_NO_ROLLBACK = "A local run has no earlier execution to roll back to."
_RETRIED = StageRetries(auto_stage_retry_attempt=1, latest_retry_trigger="AutomatedStageRetry")


class Verdict(Enum):
    """What a condition means for the stage."""

    PROCEED = "proceed"
    SKIP = "skip"
    FAIL = "fail"


class Conditions:
    """Evaluates conditions.

    :param context: gives the context of a task.
    """

    def __init__(
        self,
        dag: DAG,
        xcoms: XComs,
        runner: TaskRunner,
        observer: Observer,
        context: Callable[[Any], dict[str, Any]],
    ) -> None:
        self._dag = dag
        self._xcoms = xcoms
        self._runner = runner
        self._observer = observer
        self._context = context

    def decide(self, stage: Stage, hook: ConditionHook) -> Verdict:
        """Evaluate the condition of a hook, where the stage has one."""
        task = self._task(stage, hook)
        if task is None:
            return Verdict.PROCEED
        self._tell(stage, hook, ConditionStatus.IN_PROGRESS)
        verdict, failure = Verdict.PROCEED, ""
        try:
            self._xcoms.push(task.task_id, XCOM_KEY, self._runner.run(task, self._context(task)))
        except DownstreamTasksSkipped:
            verdict = Verdict.SKIP
        except AirflowException as error:
            verdict, failure = Verdict.FAIL, str(error)
        self._tell_outcome(stage, hook, self._outcome(task), failure)
        return verdict

    def retry_after_failure(self, stage: Stage) -> RetryMode | None:
        """Decide what follows on a failure of a stage; none where it is no retry."""
        self.decide(stage, "ON_FAILURE")
        task = self._task(stage, "ON_FAILURE")
        outcome = self._outcome(task) if task else None
        if outcome is None or not outcome.engaged or outcome.result != "RETRY":
            return None
        self._xcoms.push(names.exit_id(stage.name), RETRIES, to_json_value(_RETRIED))
        return outcome.retry_mode

    def _tell_outcome(
        self, stage: Stage, hook: ConditionHook, outcome: ConditionOutcome | None, failure: str
    ) -> None:
        if outcome is None:
            self._tell(stage, hook, ConditionStatus.ERRORED, failure)
            return
        parts = [outcome.reason]
        if outcome.status is ConditionStatus.SUCCEEDED and outcome.result == "RETRY" and not outcome.engaged:
            parts.append("The stage was retried before.")
        if outcome.engaged:
            parts.append(
                _NO_ROLLBACK if outcome.result == "ROLLBACK" else f"Result: {outcome.result or 'FAIL'}."
            )
        self._tell(stage, hook, outcome.status, " ".join(part for part in parts if part))

    def _tell(self, stage: Stage, hook: ConditionHook, status: ConditionStatus, detail: str = "") -> None:
        self._observer.condition(stage.name, LABELS[hook], status, detail)

    def _task(self, stage: Stage, hook: ConditionHook) -> Any:
        return self._dag.task_dict.get(f"{names.group_id(stage.name)}.{LABELS[hook]}")

    def _outcome(self, task: Any) -> ConditionOutcome | None:
        value = self._xcoms.pull(task.task_id, XCOM_KEY)
        return None if value is None else msgspec.convert(value, ConditionOutcome)
