"""One pipeline execution, from the first stage to the last or to the first that fails."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.factory import build_dag
from airflow_codepipeline.dag.result import XCOM_KEY, ActionResult
from airflow_codepipeline.execution.run_order import run_order_groups
from airflow_codepipeline.execution.start import SOURCE_REVISIONS
from airflow_codepipeline.execution.status import (
    ActionExecutionStatus,
    PipelineExecutionStatus,
    StageExecutionStatus,
)
from airflow_codepipeline.local.conditions import Conditions, Verdict
from airflow_codepipeline.local.local_source import LocalSource
from airflow_codepipeline.local.task_context import LocalDagRun, XComs, task_context

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airflow_codepipeline.definition.model import Action, Pipeline, Stage
    from airflow_codepipeline.local.observer import Observer
    from airflow_codepipeline.local.task_runner import TaskRunner


@dataclass(frozen=True, kw_only=True)
class StartRequest:
    """How an execution starts.

    :param variables: values of pipeline-level variables.
    :param revisions: source revision overrides, as StartPipelineExecution takes them.
    :param folders: source actions that take a folder or zip of this machine instead of their source.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    revisions: tuple[dict[str, str], ...] = ()
    folders: Mapping[str, Path] = field(default_factory=dict)


class LocalExecution:
    """Runs a pipeline once, in this process.

    :param observer: is told every change of status.
    """

    def __init__(
        self, pipeline: Pipeline, request: StartRequest, *, runner: TaskRunner, observer: Observer
    ) -> None:
        self.pipeline = pipeline
        self._dag = build_dag(pipeline)
        self._runner = runner
        self._observer = observer
        self._folders = request.folders
        self._xcoms = XComs()
        self._params = {
            variable.name: request.variables.get(variable.name, variable.default_value)
            for variable in pipeline.variables
        }
        conf: dict[str, Any] = dict(request.variables)
        if request.revisions:
            conf[SOURCE_REVISIONS] = list(request.revisions)
        self.dag_run = LocalDagRun(dag_id=self._dag.dag_id, run_id=str(uuid.uuid4()), conf=conf)
        self._conditions = Conditions(self._dag, self._xcoms, runner, observer, self._context)
        self._succeeded: set[tuple[str, str]] = set()
        self._retried = 0

    def run(self) -> PipelineExecutionStatus:
        """Run the stages one after the other; return how the execution ended.

        :raises KeyboardInterrupt: it was interrupted; what ran outside has been stopped.
        """
        for stage in self.pipeline.stages:
            self._observer.stage(stage.name, StageExecutionStatus.IN_PROGRESS)
            status = self._run_stage(stage)
            self._observer.stage(stage.name, status)
            if status is StageExecutionStatus.FAILED:
                return PipelineExecutionStatus.FAILED
        return PipelineExecutionStatus.SUCCEEDED

    def result(self, stage: str, action: str) -> ActionResult | None:
        """Return what an action left, or none where it left nothing."""
        value = self._xcoms.pull(names.task_id(stage, action), XCOM_KEY)
        return None if value is None else ActionResult.from_xcom(value)

    def _run_stage(self, stage: Stage) -> StageExecutionStatus:
        entry = self._conditions.decide(stage, "BEFORE_ENTRY")
        if entry is not Verdict.PROCEED:
            skipped = entry is Verdict.SKIP
            return StageExecutionStatus.SKIPPED if skipped else StageExecutionStatus.FAILED
        while not all(self._run_together(stage, actions) for actions in run_order_groups(stage)):
            retry = self._conditions.retry_after_failure(stage)
            if retry is None:
                return StageExecutionStatus.FAILED
            self._retried += 1
            if retry == "ALL_ACTIONS":
                self._succeeded.clear()
        proceeds = self._conditions.decide(stage, "ON_SUCCESS") is Verdict.PROCEED
        return StageExecutionStatus.SUCCEEDED if proceeds else StageExecutionStatus.FAILED

    def _run_together(self, stage: Stage, actions: list[Action]) -> bool:
        with ThreadPoolExecutor(max_workers=len(actions), thread_name_prefix=stage.name) as threads:
            try:
                return all(list(threads.map(lambda action: self._run_action(stage, action), actions)))
            except KeyboardInterrupt:
                # The pool waits for its threads, and they for what runs outside.
                self._runner.stop()
                raise

    def _run_action(self, stage: Stage, action: Action) -> bool:
        """Run an action, unless it has succeeded and its stage is tried again."""
        if (stage.name, action.name) in self._succeeded:
            return True
        task = self._dag.task_dict[names.task_id(stage.name, action.name)]
        self._observer.action(stage.name, action.name, ActionExecutionStatus.IN_PROGRESS)
        try:
            value = self._carry_out(task, action)
        except AirflowException as error:
            self._observer.action(stage.name, action.name, ActionExecutionStatus.FAILED, str(error))
            return False
        self._xcoms.push(task.task_id, XCOM_KEY, value)
        self._succeeded.add((stage.name, action.name))
        summary = ActionResult.from_xcom(value).summary or ""
        self._observer.action(stage.name, action.name, ActionExecutionStatus.SUCCEEDED, summary)
        return True

    def _context(self, task: Any) -> dict[str, Any]:
        return task_context(self.dag_run, task, self._xcoms, self._params, cleared=self._retried)

    def _carry_out(self, task: Any, action: Action) -> dict[str, Any]:
        context = self._context(task)
        folder = self._folders.get(action.name)
        if folder is not None and action.action_type_id.category == "Source":
            return LocalSource(folder).run(task.declaration, context)
        return self._runner.run(task, context)
