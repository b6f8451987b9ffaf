"""The action of the measured pipelines: a job that has ended as soon as it is asked for."""
# ruff: noqa: ARG002 the protocol says what is given

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.actions.base import Job, JobStatus, Outputs

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import Aws


class InstantProvider:
    """Starts nothing."""

    poll_seconds = 1.0

    def start(self, aws: Aws) -> Job:
        return Job(external_execution_id=aws.context.action_execution_id)

    def poll(self, aws: Aws, job: Job) -> JobStatus:
        return JobStatus.SUCCEEDED

    def stop(self, aws: Aws, job: Job) -> None:
        """There is nothing to stop."""

    def outputs(self, aws: Aws, job: Job) -> Outputs:
        return Outputs()
