"""How a run on Airflow stands, told to an observer in CodePipeline's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.condition_outcome import ConditionOutcome
from airflow_codepipeline.execution.conditions import LABELS, ConditionStatus
from airflow_codepipeline.execution.status import (
    ACTION_STATUS,
    FINISHED_TASK_STATES,
    UNDER_WAY,
    ActionExecutionStatus,
    StageExecutionStatus,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.definition.model import Pipeline, Stage
    from airflow_codepipeline.local.airflow_client import AirflowClient
    from airflow_codepipeline.local.observer import Observer


class Follower:
    """Follows one run.

    :param observer: is told every status at every look; it knows what is new.
    """

    def __init__(self, pipeline: Pipeline, run_id: str, *, client: AirflowClient, observer: Observer) -> None:
        self._pipeline = pipeline
        self._dag_id = names.dag_id(pipeline.name)
        self._run_id = run_id
        self._client = client
        self._observer = observer
        self._summaries: dict[str, str] = {}
        self._outcomes: dict[str, Any] = {}

    def look(self) -> str:
        """Tell the observer how the run stands; return the state of the run."""
        run_state = self._client.run_state(self._dag_id, self._run_id)
        states = self._client.task_states(self._dag_id, self._run_id)
        for stage in self._pipeline.stages:
            status = status_of_stage(stage, states)
            if status is None:
                continue
            if status is StageExecutionStatus.IN_PROGRESS:
                self._observer.stage(stage.name, status)
            self._look_at_conditions(stage, states)
            self._look_at_actions(stage, states)
            self._observer.stage(stage.name, status)
        return run_state

    def _look_at_actions(self, stage: Stage, states: Mapping[str, str | None]) -> None:
        for action in stage.actions:
            task = names.task_id(stage.name, action.name)
            status = ACTION_STATUS[states.get(task)]
            if status is not None:
                self._observer.action(stage.name, action.name, status, self._summary(task, status))

    def _look_at_conditions(self, stage: Stage, states: Mapping[str, str | None]) -> None:
        for label in LABELS.values():
            task = f"{names.group_id(stage.name)}.{label}"
            state = states.get(task)
            if state in UNDER_WAY:
                self._observer.condition(stage.name, label, ConditionStatus.IN_PROGRESS)
            elif state in {"success", "failed"}:
                self._tell_condition(stage, label, task)

    def _tell_condition(self, stage: Stage, label: str, task: str) -> None:
        value = self._outcomes.get(task) or self._client.xcom(self._dag_id, self._run_id, task)
        if value:
            self._outcomes[task] = value
            outcome = msgspec.convert(value, ConditionOutcome)
            self._observer.condition(stage.name, label, outcome.status, outcome.reason)

    def _summary(self, task: str, status: ActionExecutionStatus) -> str:
        if status is not ActionExecutionStatus.SUCCEEDED:
            return ""
        if task not in self._summaries:
            result = self._client.xcom(self._dag_id, self._run_id, task) or {}
            self._summaries[task] = result.get("summary", "")
        return self._summaries[task]


def status_of_stage(stage: Stage, states: Mapping[str, str | None]) -> StageExecutionStatus | None:
    """Return how a run stands in a stage, or none where it has not entered it."""
    enter, leave, done = (
        states.get(task(stage.name)) for task in (names.enter_id, names.exit_id, names.done_id)
    )
    if done == "success":
        actions = [states.get(names.task_id(stage.name, action.name)) for action in stage.actions]
        is_skipped = bool(actions) and all(state == "skipped" for state in actions)
        return StageExecutionStatus.SKIPPED if is_skipped else StageExecutionStatus.SUCCEEDED
    if enter != "success":
        return StageExecutionStatus.FAILED if enter == "failed" else None
    return StageExecutionStatus.FAILED if leave in FINISHED_TASK_STATES else StageExecutionStatus.IN_PROGRESS
