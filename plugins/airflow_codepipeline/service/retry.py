"""RetryStageExecution, and the automatic retry of a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.execution.records import AGAIN, CANCELLED, RETRIES, STOPPED, Again
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.retry import (
    check_retry,
    is_being_finished,
    tasks_of_automatic_retry,
    tasks_of_retry,
)
from airflow_codepipeline.service.acting import leave_mark, newer_has_entered, remove_marks, run_again
from airflow_codepipeline.service.pipelines import find_pipeline
from airflow_codepipeline.service.reporting import leave_look
from airflow_codepipeline.service.snapshot import find_execution
from airflow_codepipeline.service.updates import is_outdated

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from airflow_codepipeline.definition.model import RetryMode
    from airflow_codepipeline.execution.records import StageRetries
    from airflow_codepipeline.service.snapshot import ExecutionSnapshot


def retry_stage_execution(
    session: Session,
    user_name: str,  # noqa: ARG001 - the same for every operation
    *,
    pipeline_name: str,
    stage_name: str,
    pipeline_execution_id: str,
    retry_mode: RetryMode,
) -> dict[str, Any]:
    """Run a failed or stopped stage again, in the same execution; later stages follow.

    :raises Refusal: it cannot be retried.
    """
    latest = find_pipeline(session, pipeline_name)
    execution = find_execution(session, latest, pipeline_execution_id, lock=True)
    stage = execution.stage(stage_name)
    check_retry(
        stage,
        retry_mode,
        retried=execution.is_being_retried(stage_name),
        newer_entered=newer_has_entered(session, execution, stage_name),
        outdated=is_outdated(execution, latest),
    )
    refuse_at_the_end(execution)
    goes_on = execution.run.state == "running"
    if goes_on:
        # What has failed is cleared now: the reporter, which looks from time to time, may not have seen it.
        leave_look(session, execution)
    remove_marks(session, execution, stage_name, (STOPPED, CANCELLED))
    leave_mark(session, execution, stage_name, RETRIES, _with_one_more(execution.retries(stage_name)))
    leave_mark(session, execution, stage_name, AGAIN, Again(cleared=execution.run.clear_number + 1))
    run_again(session, execution, stage_name, tasks_of_retry(stage, retry_mode))
    if goes_on:
        leave_look(session, execution, changed=True)
    return {"pipelineExecutionId": pipeline_execution_id}


def _with_one_more(retries: StageRetries) -> StageRetries:
    return msgspec.structs.replace(
        retries,
        manual_stage_retry_attempt=retries.manual_stage_retry_attempt + 1,
        latest_retry_trigger="ManualStageRetry",
    )


def retry_automatically(
    session: Session, execution: ExecutionSnapshot, stage_name: str, mode: RetryMode
) -> None:
    """Run a failed stage again, once; the execution keeps the stage meanwhile."""
    retries = msgspec.structs.replace(
        execution.retries(stage_name), auto_stage_retry_attempt=1, latest_retry_trigger="AutomatedStageRetry"
    )
    leave_mark(session, execution, stage_name, RETRIES, retries)
    run_again(session, execution, stage_name, tasks_of_automatic_retry(execution.stage(stage_name), mode))


def refuse_at_the_end(execution: ExecutionSnapshot) -> None:
    """Refuse to change an execution whose last task has ended, while Airflow is about to end its run.

    Airflow would overlook the change, and end a run that has tasks to run.

    :raises Refusal: it is at that point, for a second or two.
    """
    if is_being_finished(execution.run.state, [task.state for task in execution.tasks.values()]):
        raise Refusal(
            "ConflictException",
            f"The execution {execution.execution_id} is just coming to its end. Try again in a second.",
        )
