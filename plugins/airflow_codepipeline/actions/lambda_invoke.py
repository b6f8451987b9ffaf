"""Invoke/AWS/Lambda/1: a function that reports its result (user guide, AWS Lambda invoke).

The function is invoked asynchronously with a job, and answers with PutJobSuccessResult or
PutJobFailureResult. Whoever serves those calls writes the answer into the job's document in the
artifact store (`lambda_jobs`), where `poll` finds it.

An extension, `airflow: {invocation: RequestResponse}`, waits for the function instead: what it returns
are the output variables, and an error of the function fails the action.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.actions import console
from airflow_codepipeline.actions.base import CONNECTION_LOST, Job, JobStatus, Outputs
from airflow_codepipeline.actions.lambda_event import event, function_name, job_data
from airflow_codepipeline.actions.lambda_jobs import Jobs
from airflow_codepipeline.actions.lambda_result import invoke_and_wait, variables_of
from airflow_codepipeline.actions.objects import written_artifact
from airflow_codepipeline.errors import ActionError, TransientError

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import Aws
    from airflow_codepipeline.actions.lambda_jobs import JobDocument

SILENCE = timedelta(minutes=20)
"""How long a function may take to answer each job (codepipeline.md §2.5)."""

CONTINUATION = timedelta(seconds=30)
"""How long after an answer with a continuation token the function is invoked again."""

_WAITING = "RequestResponse"
_log = logging.getLogger(__name__)


class LambdaInvoke:
    """Invokes a function and waits for its answer."""

    poll_seconds = 5.0

    def start(self, aws: Aws) -> Job:
        """Invoke the function; a repeated start finds the job's document and does not invoke again."""
        name = function_name(aws.context)
        job_id = Jobs(aws.context).id(0)
        if aws.context.action.airflow.invocation == _WAITING:
            data = {"invocation": _WAITING, "variables": invoke_and_wait(aws, event(aws, job_id))}
        else:
            data = {}
            _begin(aws, 0, None)
        return Job(
            external_execution_id=job_id,
            external_execution_url=console.function(aws.context.identity.region, name),
            data=data,
        )

    def poll(self, aws: Aws, job: Job) -> JobStatus:
        """Read the job's document; invoke the function again when it asked for that."""
        if job.data.get("invocation") == _WAITING:
            return JobStatus.SUCCEEDED
        turn, document = Jobs(aws.context).latest(aws)
        if document.status == "InProgress":
            _check_silence(document)
            return JobStatus.RUNNING
        if document.status == "Failed":
            raise _failure(document)
        if document.continuation_token is None:
            return JobStatus.SUCCEEDED
        if document.age >= CONTINUATION:
            _begin(aws, turn + 1, document.continuation_token)
        return JobStatus.RUNNING

    def stop(self, aws: Aws, job: Job) -> None:
        """Lambda cannot stop an invocation; nothing invokes the function again once polling ends."""

    def outputs(self, aws: Aws, job: Job) -> Outputs:
        """Return what the function answered, and the artifacts that it has written."""
        locations = aws.context.output_locations
        store = aws.store_client() if locations else None
        artifacts = tuple(written_artifact(store, location) for location in locations)
        if job.data.get("invocation") == _WAITING:
            return Outputs(variables=variables_of(job.data["variables"]), artifacts=artifacts)
        _, document = Jobs(aws.context).latest(aws)
        details = document.execution_details
        return Outputs(
            variables=document.output_variables,
            artifacts=artifacts,
            summary=details.summary if details else None,
        )


def _begin(aws: Aws, turn: int, continuation_token: str | None) -> None:
    """Invoke the function for one turn, unless somebody has claimed that turn before."""
    jobs = Jobs(aws.context)
    data = job_data(aws.context, continuation_token)
    if not jobs.claim(aws, turn, data):
        return
    try:
        _invoke(aws, event(aws, jobs.id(turn), data))
    except ActionError:
        jobs.release(aws, turn)
        raise


def _invoke(aws: Aws, payload: bytes) -> Any:
    name = function_name(aws.context)
    try:
        aws.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=payload)
    except TransientError as error:
        if error.code != CONNECTION_LOST:
            raise
        # The function may run. It answers, or its silence fails the action.
        _log.warning("It is not known whether Lambda took the invocation of %s: %s", name, error.message)


def _check_silence(document: JobDocument) -> None:
    if document.age > SILENCE:
        raise ActionError(
            "JobFailed",
            f"The function did not answer job {document.job_id} within {SILENCE}. "
            "It must call PutJobSuccessResult or PutJobFailureResult.",
        )


def _failure(document: JobDocument) -> ActionError:
    details = document.failure_details
    if details is None:
        return ActionError("JobFailed", f"Job {document.job_id} failed without details.")
    return ActionError(details.type, details.message)
