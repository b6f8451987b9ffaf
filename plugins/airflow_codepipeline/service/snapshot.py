"""Executions as Airflow's database has them at one moment: run, tasks and marks, in CodePipeline's terms."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.action_operator import retries_of
from airflow_codepipeline.dag.result import XCOM_KEY
from airflow_codepipeline.dag.stage_gate import SUPERSEDED_BY
from airflow_codepipeline.execution import records
from airflow_codepipeline.execution.conditions import LABELS
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.standing import Left, StageTasks, execution_status
from airflow_codepipeline.execution.status import PipelineExecutionStatus
from airflow_codepipeline.service.pipelines import pipeline_of_version
from airflow_codepipeline.service.rows import plain, read_runs, read_tasks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from airflow_codepipeline.definition.model import Action, Stage
    from airflow_codepipeline.execution.conditions import ConditionHook
    from airflow_codepipeline.service.pipelines import DeclaredPipeline
    from airflow_codepipeline.service.rows import RunRow, TaskRow

_MARKS = (
    SUPERSEDED_BY,
    records.CANCELLED,
    records.STOPPED,
    records.RETRIES,
    records.DEFINITION,
    records.override_key("BEFORE_ENTRY"),
    records.override_key("ON_SUCCESS"),
)


@dataclass(frozen=True, kw_only=True)
class ExecutionSnapshot:
    """One execution at one moment.

    :param pipeline: the pipeline as the execution runs it.
    :param tasks: its tasks, by their ids.
    :param marks: what it keeps of itself in its stages, by the id of the task that has it and the key.
    """

    pipeline: DeclaredPipeline
    run: RunRow
    tasks: Mapping[str, TaskRow]
    marks: Mapping[tuple[str, str], Any]

    @property
    def execution_id(self) -> str:
        """The pipeline execution's id."""
        return names.execution_id(self.pipeline.dag_id, self.run.run_id)

    @property
    def is_rollback(self) -> bool:
        """Whether its type is ROLLBACK."""
        return records.ROLLBACK in self.run.conf

    @property
    def definition(self) -> str | None:
        """The hash of the definition that it began with; none where it has not begun."""
        first = self.pipeline.declaration.stages[0].name
        value = self.marks.get((names.exit_id(first), records.DEFINITION))
        return value if isinstance(value, str) else None

    def stages(self) -> tuple[StageTasks, ...]:
        """Return how it stands in every stage."""
        return tuple(self._stage(stage) for stage in self.pipeline.declaration.stages)

    def stage(self, name: str) -> StageTasks:
        """Return how it stands in one stage.

        :raises Refusal: there is no stage of that name.
        """
        return self._stage(self.pipeline.stage(name))

    def status(self) -> PipelineExecutionStatus:
        """Return how it stands."""
        return execution_status(self.run.state, self.stages())

    def stop(self, stage: str) -> records.Stop | None:
        """Return what it was told when it was stopped in, or in front of, a stage."""
        value = self._mark(names.exit_id(stage), records.STOPPED)
        return msgspec.convert(value, records.Stop) if value else None

    def retries(self, stage: str) -> records.StageRetries:
        """Return how often a stage was retried."""
        value = self._mark(names.exit_id(stage), records.RETRIES)
        return msgspec.convert(value, records.StageRetries) if value else records.StageRetries()

    def is_being_retried(self, stage: str) -> bool:
        """Tell whether the execution is under way and runs a stage again, or comes to it again."""
        return self.retries(stage).total > 0 and self.status() is PipelineExecutionStatus.IN_PROGRESS

    def condition(self, stage: str, hook: ConditionHook) -> Mapping[str, Any] | None:
        """Return what was decided at a hook of a stage, or none."""
        value = self._mark(names.condition_id(stage, hook), XCOM_KEY)
        return value if isinstance(value, dict) else None

    def _mark(self, task_id: str, key: str) -> Any:
        return self.marks.get((task_id, key))

    def _state(self, task_id: str) -> str | None:
        task = self.tasks.get(task_id)
        if task is None:
            return None
        return "running" if task.goes_on else task.state

    def _action_state(self, stage: str, action: Action) -> str | None:
        task_id = names.task_id(stage, action.name)
        task = self.tasks.get(task_id)
        if task is not None and task.is_tried_again(retries_of(action)):
            return "running"
        return self._state(task_id)

    def _stage(self, stage: Stage) -> StageTasks:
        name = stage.name
        enter, leave = names.enter_id(name), names.exit_id(name)
        stop = self.stop(name)
        entry = self.condition(name, "BEFORE_ENTRY") or {}
        hooks = {label: names.condition_id(name, hook) for hook, label in LABELS.items()}
        return StageTasks(
            name=name,
            enter=self._state(enter),
            exit=self._state(leave),
            done=self._state(names.done_id(name)),
            hooks={label: self._state(task) for label, task in hooks.items() if task in self.tasks},
            actions={action.name: self._action_state(name, action) for action in stage.actions},
            left=self._left(enter),
            stopped=stop is not None,
            abandoned=frozenset(names.parse_task_id(task)[1] for task in stop.abandoned)
            if stop
            else frozenset(),
            cancelled=self._mark(leave, records.CANCELLED) is not None,
            skipped=bool(entry.get("engaged")) and entry.get("result") == "SKIP",
        )

    def _left(self, enter: str) -> Left | None:
        if self._state(enter) != "skipped":
            return None
        if self._mark(enter, SUPERSEDED_BY) is not None:
            return Left.SUPERSEDED
        return Left.CANCELLED if self._mark(enter, records.CANCELLED) is not None else None


def find_execution(
    session: Session, pipeline: DeclaredPipeline, execution_id: str, *, lock: bool = False
) -> ExecutionSnapshot:
    """Return one execution.

    :param lock: whether its run is kept from the scheduler, and from other callers, until the session ends.
    :raises Refusal: the pipeline has no execution of that id.
    """
    run_id = run_id_of(session, pipeline, execution_id)
    rows = read_runs(session, pipeline.dag_id, [run_id], lock=lock) if run_id else []
    if not rows:
        raise Refusal(
            "PipelineExecutionNotFoundException",
            f"The pipeline {pipeline.declaration.name} has no execution {execution_id}.",
        )
    return snapshots(session, pipeline, rows)[0]


def load_executions(
    session: Session, pipeline: DeclaredPipeline, run_ids: Sequence[str]
) -> list[ExecutionSnapshot]:
    """Return executions by their DAG runs, in that order."""
    found = {row.run_id: row for row in read_runs(session, pipeline.dag_id, run_ids)}
    return snapshots(session, pipeline, [found[run_id] for run_id in run_ids if run_id in found])


def load_again(session: Session, execution: ExecutionSnapshot) -> ExecutionSnapshot:
    """Return an execution as it is now, with what this session has changed of it."""
    session.flush()
    return load_executions(session, execution.pipeline, [execution.run.run_id])[0]


def run_id_of(session: Session, pipeline: DeclaredPipeline, execution_id: str) -> str | None:
    """Return the DAG run of an execution, or none; a run whose name is no execution id has one made of it."""
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    of_pipeline = select(DagRun.run_id).where(DagRun.dag_id == pipeline.dag_id)
    direct: str | None = session.scalar(of_pipeline.where(DagRun.run_id == execution_id))
    if direct is not None:
        return direct
    for run_id in session.scalars(of_pipeline):
        if names.execution_id(pipeline.dag_id, run_id) == execution_id:
            return str(run_id)
    return None


def snapshots(
    session: Session, pipeline: DeclaredPipeline, rows: Sequence[RunRow]
) -> list[ExecutionSnapshot]:
    """Return executions from the rows of their runs."""
    run_ids = [row.run_id for row in rows]
    pinned = {row.created_dag_version_id for row in rows if row.bundle_version is not None}
    versions = {version: pipeline_of_version(session, pipeline.dag_id, version) for version in pinned}
    tasks, marks = read_tasks(session, pipeline.dag_id, run_ids), _marks(session, pipeline.dag_id, run_ids)
    return [
        ExecutionSnapshot(
            pipeline=(versions[row.created_dag_version_id] if row.bundle_version is not None else None)
            or pipeline,
            run=row,
            tasks=tasks[row.run_id],
            marks=marks[row.run_id],
        )
        for row in rows
    ]


def _marks(session: Session, dag_id: str, run_ids: list[str]) -> dict[str, dict[tuple[str, str], Any]]:
    from airflow.models.xcom import XComModel
    from sqlalchemy import and_, or_, select

    of_condition = or_(*(XComModel.task_id.like(f"%.{hook}") for hook in LABELS.values()))
    query = select(XComModel.run_id, XComModel.task_id, XComModel.key, XComModel.value).where(
        XComModel.dag_id == dag_id,
        XComModel.run_id.in_(run_ids),
        or_(XComModel.key.in_(_MARKS), and_(XComModel.key == XCOM_KEY, of_condition)),
    )
    found: dict[str, dict[tuple[str, str], Any]] = defaultdict(dict)
    for run_id, task_id, key, value in session.execute(query):
        found[run_id][task_id, key] = plain(value)
    return found
