"""StopPipelineExecution: wait for what is in progress, or give it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.dag import names
from airflow_codepipeline.execution.records import STOPPED, Stop
from airflow_codepipeline.execution.status import FINISHED_TASK_STATES, UNDER_WAY
from airflow_codepipeline.execution.stop import check_stop
from airflow_codepipeline.service.acting import leave_mark, now, set_run_state, set_states
from airflow_codepipeline.service.pipelines import find_pipeline
from airflow_codepipeline.service.reporting import leave_look
from airflow_codepipeline.service.snapshot import find_execution

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from airflow_codepipeline.service.snapshot import ExecutionSnapshot

_WAITING_FOR_A_WORKER = frozenset({None, "scheduled", "queued"})


def stop_pipeline_execution(
    session: Session,
    user_name: str,
    *,
    pipeline_name: str,
    pipeline_execution_id: str,
    abandon: bool = False,
    reason: str | None = None,
) -> dict[str, Any]:
    """Stop an execution.

    Nothing new of it starts. What is in progress goes on to its end, or is given up: then Airflow ends it,
    and the job outside is stopped where its service can.

    :raises Refusal: it cannot be stopped.
    """
    execution = find_execution(
        session, find_pipeline(session, pipeline_name), pipeline_execution_id, lock=True
    )
    stage = _where(execution)
    check_stop(pipeline_execution_id, execution.status(), execution.stop(stage), abandon=abandon)
    given_up = _in_progress(execution) if abandon else ()
    stop = Stop(by=user_name, at=now(), abandon=abandon, reason=reason, abandoned=given_up)
    leave_mark(session, execution, stage, STOPPED, _with_earlier(stop, execution.stop(stage)))
    set_states(
        session,
        execution,
        dict.fromkeys(_not_begun(execution), "upstream_failed") | dict.fromkeys(given_up, "failed"),
    )
    if execution.run.state == "queued":
        set_run_state(session, execution, "failed")
    leave_look(session, execution, changed=True)
    return {"pipelineExecutionId": pipeline_execution_id}


def _where(execution: ExecutionSnapshot) -> str:
    """Return the stage that the execution is in, or comes to next."""
    stages = execution.stages()
    for stage in stages:
        if stage.exit not in FINISHED_TASK_STATES:
            return stage.name
    return stages[-1].name


def _with_earlier(stop: Stop, earlier: Stop | None) -> Stop:
    """Keep the reason that was given first, where an abandon that follows gives none."""
    if earlier is None or stop.reason is not None:
        return stop
    return msgspec.structs.replace(stop, reason=earlier.reason)


def _in_progress(execution: ExecutionSnapshot) -> tuple[str, ...]:
    return tuple(
        names.task_id(stage.name, action) for stage in execution.stages() for action in stage.in_progress
    )


def _not_begun(execution: ExecutionSnapshot) -> list[str]:
    """Return the tasks that are not to begin: all that wait, but not the exits, which free the stages."""
    tasks = []
    for stage in execution.stages():
        actions = {names.task_id(stage.name, action): state for action, state in stage.actions.items()}
        tasks += [task for task, state in actions.items() if state in _WAITING_FOR_A_WORKER]
        group = names.group_id(stage.name)
        own = {names.ENTER: stage.enter, names.DONE: stage.done} | dict(stage.hooks)
        tasks += [
            f"{group}.{name}"
            for name, state in own.items()
            if state in _WAITING_FOR_A_WORKER or state in UNDER_WAY
        ]
    return tasks
