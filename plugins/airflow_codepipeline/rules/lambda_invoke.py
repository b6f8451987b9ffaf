"""Rule/AWS/LambdaInvoke/1 (CodePipeline user guide, LambdaInvoke).

The function gets a job as a Lambda action's does, and answers it as that does: PutJobSuccessResult, or
PutJobFailureResult. In an onFailure condition the rule succeeds where the function says that it failed, or
does not answer, which is all that an error of an asynchronous invocation leaves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.actions import lambda_invoke
from airflow_codepipeline.actions.base import JobStatus, Outputs
from airflow_codepipeline.actions.lambda_invoke import LambdaInvoke
from airflow_codepipeline.actions.lambda_jobs import Jobs
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import Aws, Job


class LambdaRule(LambdaInvoke):
    """Asks a function."""

    def __init__(self, *, on_failure: bool) -> None:
        self._on_failure = on_failure

    def poll(self, aws: Aws, job: Job) -> JobStatus:
        """Look for the function's answer.

        :raises ActionError: the function failed; in an onFailure condition, it succeeded.
        """
        if not self._on_failure:
            return super().poll(aws, job)
        _, document = Jobs(aws.context).latest(aws)
        silent = document.status == "InProgress" and document.age > lambda_invoke.SILENCE
        if document.status == "Failed" or silent:
            return JobStatus.SUCCEEDED
        status = super().poll(aws, job)
        if status is JobStatus.SUCCEEDED:
            raise ActionError(
                "JobFailed", "The function succeeded: in onFailure, its failure is what counts."
            )
        return status

    def outputs(self, aws: Aws, job: Job) -> Outputs:
        """Return the function's own words."""
        if not self._on_failure:
            return Outputs(summary=super().outputs(aws, job).summary)
        _, document = Jobs(aws.context).latest(aws)
        details = document.failure_details
        return Outputs(summary=f"The function failed: {details.message}" if details else "It did not answer.")
