"""RollbackStage, and the automatic rollback of a stage: a new execution that runs one stage again."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.execution import records
from airflow_codepipeline.execution.rollback import Candidate, check_stage, check_target, latest_good
from airflow_codepipeline.execution.standing import stage_status
from airflow_codepipeline.execution.status import FINISHED_TASK_STATES
from airflow_codepipeline.service.pipelines import find_pipeline
from airflow_codepipeline.service.snapshot import find_execution, load_executions
from airflow_codepipeline.service.start import create_run, lock_pipeline, refuse_paused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from airflow_codepipeline.service.pipelines import DeclaredPipeline
    from airflow_codepipeline.service.snapshot import ExecutionSnapshot

_NAMESPACE = uuid.UUID("0ce4a63f-6b5f-5c53-9a1d-6b1f6a2f3b77")
_PAGE = 20


def rollback_stage(
    session: Session,
    user_name: str,
    *,
    pipeline_name: str,
    stage_name: str,
    target_pipeline_execution_id: str,
) -> dict[str, Any]:
    """Run a stage again with the revisions, artifacts and variables of an earlier execution.

    :raises Refusal: the stage cannot be rolled back, or not to that execution.
    """
    pipeline = find_pipeline(session, pipeline_name)
    pipeline.stage(stage_name)
    refuse_paused(pipeline, lock_pipeline(session, pipeline))
    check_stage(pipeline.declaration, stage_name, occupied=_is_occupied(session, pipeline, stage_name))
    target = find_execution(session, pipeline, target_pipeline_execution_id)
    check_target(stage_name, _candidate(target, stage_name), definition=pipeline.definition)
    run_id = str(uuid.uuid4())
    trigger = {"triggerType": "ManualRollback", "triggerDetail": user_name}
    _start(session, pipeline, target, _record(stage_name, target), run_id=run_id, trigger=trigger)
    return {"pipelineExecutionId": run_id}


def rollback_automatically(session: Session, failed: ExecutionSnapshot, stage_name: str) -> str | None:
    """Roll a stage back to its last good execution; return the new execution, or none where there is none.

    :param failed: the execution whose failure it answers: it answers each failure once.
    """
    pipeline = find_pipeline(session, failed.pipeline.declaration.name)
    target = latest_good(
        (_candidate(execution, stage_name) for execution in _succeeded(session, pipeline, stage_name)),
        definition=pipeline.definition,
        failed=failed.execution_id,
    )
    if target is None:
        return None
    attempt = failed.retries(stage_name).total
    run_id = str(uuid.uuid5(_NAMESPACE, f"{pipeline.dag_id}/{failed.run.run_id}/{stage_name}/{attempt}"))
    trigger = {"triggerType": "AutomatedRollback", "triggerDetail": failed.execution_id}
    [execution] = load_executions(session, pipeline, [target.run_id])
    record = _record(stage_name, execution, in_place_of=failed.run.run_id)
    _start(session, pipeline, execution, record, run_id=run_id, trigger=trigger)
    return run_id


def _record(stage: str, target: ExecutionSnapshot, *, in_place_of: str | None = None) -> records.Rollback:
    return records.Rollback(
        stage=stage,
        target_pipeline_execution_id=target.execution_id,
        target_run_id=target.run.run_id,
        in_place_of=in_place_of,
    )


def _start(
    session: Session,
    pipeline: DeclaredPipeline,
    target: ExecutionSnapshot,
    rollback: records.Rollback,
    *,
    run_id: str,
    trigger: dict[str, str],
) -> None:
    """Create the DAG run: the stages before count as passed, and the gates after it let nothing in."""
    from airflow.models.dagbag import DBDagBag

    dag: Any = DBDagBag(load_op_links=False).get_latest_version_of_dag(pipeline.dag_id, session=session)
    started = datetime.now(UTC)
    variables = {variable.name for variable in pipeline.declaration.variables}
    conf = {key: value for key, value in target.run.conf.items() if key in variables}
    run = create_run(
        session,
        dag,
        run_id=run_id,
        conf=conf | {records.ROLLBACK: to_json_value(rollback), records.TRIGGER: trigger},
        user_name=trigger["triggerDetail"],
        started=started,
    )
    passed = pipeline.stages_before(rollback.stage)
    for task in run.get_task_instances(session=session):
        name, _ = names.parse_task_id(task.task_id)
        if name in passed:
            task.set_state("success" if task.task_id == names.done_id(name) else "skipped", session=session)


def _candidate(execution: ExecutionSnapshot, stage: str) -> Candidate:
    return Candidate(
        execution_id=execution.execution_id,
        run_id=execution.run.run_id,
        status=stage_status(execution.stage(stage)),
        is_rollback=execution.is_rollback,
        definition=execution.definition,
    )


def _succeeded(session: Session, pipeline: DeclaredPipeline, stage: str) -> Iterator[ExecutionSnapshot]:
    """Yield the executions that passed a stage, the one that did so last first."""
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    query = (
        select(TaskInstance.run_id)
        .where(
            TaskInstance.dag_id == pipeline.dag_id,
            TaskInstance.task_id == names.done_id(stage),
            TaskInstance.state == "success",
        )
        .order_by(TaskInstance.end_date.desc())
    )
    offset = 0
    while run_ids := list(session.scalars(query.offset(offset).limit(_PAGE))):
        yield from load_executions(session, pipeline, run_ids)
        offset += _PAGE


def _is_occupied(session: Session, pipeline: DeclaredPipeline, stage: str) -> bool:
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import or_, select

    open_exits = select(TaskInstance.run_id).where(
        TaskInstance.dag_id == pipeline.dag_id,
        TaskInstance.task_id == names.exit_id(stage),
        or_(TaskInstance.state.is_(None), TaskInstance.state.not_in(FINISHED_TASK_STATES)),
    )
    query = select(TaskInstance.run_id).where(
        TaskInstance.dag_id == pipeline.dag_id,
        TaskInstance.task_id == names.enter_id(stage),
        TaskInstance.state == "success",
        TaskInstance.run_id.in_(open_exits),
    )
    return session.scalar(query.limit(1)) is not None
