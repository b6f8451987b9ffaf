"""StartPipelineExecution: a DAG run, as the API, the pages and other tools start it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.run_conf import conf_of, run_id_of
from airflow_codepipeline.execution.start import Trigger, check_room, check_start, check_token
from airflow_codepipeline.service.pipelines import find_pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from airflow_codepipeline.service.pipelines import DeclaredPipeline

_TRIES = 10
"""How many runs of one pipeline may be created at the same microsecond."""


def start_execution(  # noqa: PLR0913 - what StartPipelineExecution takes
    session: Session,
    user_name: str,
    *,
    pipeline_name: str,
    variables: Sequence[Mapping[str, Any]] = (),
    source_revisions: Sequence[Mapping[str, Any]] = (),
    client_request_token: str | None = None,
    trigger: Trigger | None = None,
    source_variables: Mapping[str, Mapping[str, str]] | None = None,
    change: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Start an execution; the same token gives the same execution.

    :param variables: `[{"name": …, "value": …}]`.
    :param source_revisions: `[{"actionName": …, "revisionType": …, "revisionValue": …}]`.
    :param trigger: what started it; none: the user's call.
    :param source_variables: what source actions are to say of the change that starts it, by their names.
    :param change: what is told of that change (`execution/change_details.py`).
    :raises Refusal: it cannot be started.
    """
    pipeline = find_pipeline(session, pipeline_name)
    check_token(client_request_token)
    run_id = run_id_of(pipeline.dag_id, client_request_token)
    settings = lock_pipeline(session, pipeline)
    if client_request_token is not None and _exists(session, pipeline, run_id):
        return {"pipelineExecutionId": run_id}
    start = check_start(pipeline.declaration, variables, source_revisions)
    refuse_paused(pipeline, settings)
    mode, under_way = pipeline.declaration.execution_mode, _under_way(session, pipeline)
    check_room(pipeline_name, mode, under_way=under_way, limit=settings.max_active_runs)
    what = trigger or Trigger(trigger_type="StartPipelineExecution", trigger_detail=user_name)
    conf = conf_of(start, what, source_variables, change)
    _create(session, pipeline, run_id, conf=conf, user_name=user_name)
    return {"pipelineExecutionId": run_id}


def refuse_paused(pipeline: DeclaredPipeline, settings: Any) -> None:
    """Refuse to start what would not run.

    :param settings: what Airflow has set for the pipeline's DAG.
    :raises Refusal: the DAG is paused.
    """
    if settings.is_paused:
        raise Refusal(
            "ConflictException",
            f"The pipeline {pipeline.declaration.name} is paused in Airflow: nothing of it would run. "
            "Unpause its DAG.",
        )


def lock_pipeline(session: Session, pipeline: DeclaredPipeline) -> Any:
    """Let nobody else start this pipeline until the session ends; return what Airflow has set for it.

    It is a change that changes nothing: the one lock that SQLite knows too.
    """
    from airflow.models.dag import DagModel
    from sqlalchemy import select, update

    this = DagModel.dag_id == pipeline.dag_id
    nothing = update(DagModel).where(this).values(is_paused=DagModel.is_paused)
    session.execute(nothing.execution_options(synchronize_session=False))
    return session.execute(select(DagModel.is_paused, DagModel.max_active_runs).where(this)).one()


def _exists(session: Session, pipeline: DeclaredPipeline, run_id: str) -> bool:
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    query = select(DagRun.id).where(DagRun.dag_id == pipeline.dag_id, DagRun.run_id == run_id)
    return session.scalar(query) is not None


def _under_way(session: Session, pipeline: DeclaredPipeline) -> int:
    from airflow.models.dagrun import DagRun
    from sqlalchemy import func, select

    open_runs = select(func.count()).where(
        DagRun.dag_id == pipeline.dag_id, DagRun.state.in_(("queued", "running"))
    )
    return session.scalar(open_runs) or 0


def _create(
    session: Session, pipeline: DeclaredPipeline, run_id: str, *, conf: dict[str, Any], user_name: str
) -> None:
    """Create the run. A pipeline has one run of a date: of two at the same instant one is a bit later."""
    from airflow.models.dagbag import DBDagBag
    from sqlalchemy.exc import IntegrityError

    dag: Any = DBDagBag(load_op_links=False).get_latest_version_of_dag(pipeline.dag_id, session=session)
    started = datetime.now(UTC)
    for later in range(_TRIES):
        try:
            with session.begin_nested():
                create_run(
                    session,
                    dag,
                    run_id=run_id,
                    conf=conf,
                    user_name=user_name,
                    started=started + timedelta(microseconds=later),
                )
        except IntegrityError:
            continue
        return
    raise Refusal("ConcurrentModificationException", f"{pipeline.declaration.name}: start it again.")


def create_run(
    session: Session, dag: Any, *, run_id: str, conf: dict[str, Any], user_name: str, started: datetime
) -> Any:
    """Create a DAG run whose date is its start.

    :param dag: the serialised DAG.
    :param user_name: who is shown as the one who started it.
    """
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    return dag.create_dagrun(
        run_id=run_id,
        logical_date=started,
        data_interval=(started, started),
        run_after=started,
        conf=conf,
        run_type=DagRunType.MANUAL,
        triggered_by=DagRunTriggeredByType.REST_API,
        triggering_user_name=user_name,
        state=DagRunState.QUEUED,
        session=session,
    )
