"""What follows when a DAG run begins, and when it has ended: who is to be told is told, jobs that are left
are stopped, an automatic retry or rollback, and a note that says how it stands.

The scheduler calls it through the plugin's listener, within the transaction that changes the run:
either all of it happens, or the run is as before and the scheduler comes again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.declared import KEY
from airflow_codepipeline.dag.stage_gate import SUPERSEDED_BY
from airflow_codepipeline.execution import records
from airflow_codepipeline.execution.conditions import LABELS
from airflow_codepipeline.execution.status import PipelineExecutionStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from airflow_codepipeline.definition.model import RetryMode
    from airflow_codepipeline.execution.conditions import ConditionHook
    from airflow_codepipeline.service.snapshot import ExecutionSnapshot

_DECIDED: dict[ConditionHook, str] = {"ON_FAILURE": "success", "ON_SUCCESS": "failed"}
"""How the task of a hook ends that has something carried out."""
PREFIX = "CodePipeline: "
"""What our notes begin with: those of people are left alone."""


def run_began(dag_run: Any) -> None:
    """Let others be told of an execution that begins, or begins again; other DAGs' runs are left alone."""
    from sqlalchemy.orm import object_session

    session = object_session(dag_run)
    if session is None or not _is_pipeline(dag_run):
        return
    from airflow_codepipeline.dag.declared import declaration_of
    from airflow_codepipeline.serving.reporter import wanted_sinks

    declaration = declaration_of(dag_run.dag)
    if declaration is not None and wanted_sinks(declaration):
        from airflow_codepipeline.service.reporting import leave_look

        leave_look(session, _execution(session, dag_run))


def run_ended(dag_run: Any) -> None:
    """Carry out what the tasks of a run have decided; other DAGs' runs are left alone."""
    from sqlalchemy.orm import object_session

    session = object_session(dag_run)
    if session is None or not _is_pipeline(dag_run):
        return
    from airflow_codepipeline.service.left_jobs import have_left_jobs_stopped
    from airflow_codepipeline.service.reporting import leave_look
    from airflow_codepipeline.service.revisions import revisions_taken
    from airflow_codepipeline.service.updates import cancel_if_updated

    execution = _execution(session, dag_run)
    if cancel_if_updated(session, execution):
        execution = _execution(session, dag_run)
    leave_look(session, execution)
    have_left_jobs_stopped(session, execution)
    followed = _follow(session, execution) if execution.run.state == "failed" else None
    note = followed or standing_of(execution) or revisions_taken(session, execution)
    if note and (not dag_run.note or dag_run.note.startswith(PREFIX)):
        dag_run.note = PREFIX + note


def _execution(session: Session, dag_run: Any) -> ExecutionSnapshot:
    from airflow_codepipeline.service.pipelines import find_pipeline
    from airflow_codepipeline.service.snapshot import find_execution

    session.flush()
    pipeline = find_pipeline(session, names.unescape(dag_run.dag_id))
    return find_execution(session, pipeline, names.execution_id(dag_run.dag_id, dag_run.run_id))


def _is_pipeline(dag_run: Any) -> bool:
    dag = getattr(dag_run, "dag", None)
    return dag is not None and KEY in (dag.default_args or {})


def _follow(session: Session, execution: ExecutionSnapshot) -> str | None:
    """Retry or roll back where a stage's condition says so; return what was done."""
    if execution.status() is not PipelineExecutionStatus.FAILED:
        return None
    for stage, decision in _engaged(execution):
        if decision["result"] == "RETRY":
            from airflow_codepipeline.service.retry import retry_automatically

            mode: RetryMode = decision.get("retryMode") or "FAILED_ACTIONS"
            retry_automatically(session, execution, stage, mode)
            return f"the stage {stage} failed and is retried ({mode})."
        if decision["result"] == "ROLLBACK" and not execution.is_rollback:
            from airflow_codepipeline.service.rollback import rollback_automatically

            rolled_back = rollback_automatically(session, execution, stage)
            if rolled_back is None:
                return f"Failed at {stage}, which has no earlier good execution to roll back to."
            return f"Failed at {stage}, which is rolled back by the execution {rolled_back}."
    return None


def _engaged(execution: ExecutionSnapshot) -> Iterator[tuple[str, Any]]:
    """Yield what the conditions of failed stages decided in this try."""
    for stage in execution.stages():
        for hook, ended in _DECIDED.items():
            decision = execution.condition(stage.name, hook)
            if decision and stage.hooks.get(LABELS[hook]) == ended and decision.get("engaged"):
                yield stage.name, decision


def standing_of(execution: ExecutionSnapshot) -> str | None:
    """Return what people are told of an execution where its status alone does not say it."""
    status = execution.status()
    for stage in execution.pipeline.declaration.stages:
        enter, leave = names.enter_id(stage.name), names.exit_id(stage.name)
        by, stop = execution.marks.get((enter, SUPERSEDED_BY)), execution.stop(stage.name)
        cancelled = execution.marks.get((enter, records.CANCELLED)) or execution.marks.get(
            (leave, records.CANCELLED)
        )
        if status is PipelineExecutionStatus.SUPERSEDED and by:
            return f"Superseded at {stage.name} by {names.execution_id(execution.pipeline.dag_id, by)}."
        if status is PipelineExecutionStatus.CANCELLED and cancelled:
            return f"Cancelled at {stage.name}: {cancelled['reason']}"
        if status is PipelineExecutionStatus.STOPPED and stop:
            how = "stopped, what was in progress abandoned," if stop.abandon else "stopped"
            return f"{how.capitalize()} at {stage.name} by {stop.by}. {stop.reason or ''}".rstrip()
    return None
