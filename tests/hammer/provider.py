"""The action `Test/Custom/Hammer/1`: a job in the job book."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from airflow_codepipeline.actions.base import Job, JobStatus, Outputs
from airflow_codepipeline.errors import ActionError
from hammer.job_book import JobBook, JobRow

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import Aws


class HammerProvider:
    """Runs a job of random length that fails now and then: `Longest` seconds, `FailsOneIn` jobs."""

    poll_seconds = 0.5

    def start(self, aws: Aws) -> Job:
        context = aws.context
        chance = random.Random(context.action_execution_id)
        configuration = context.action.configuration
        length = chance.uniform(0, float(configuration["Longest"]))
        fails = int(configuration["FailsOneIn"])
        now = time.time()
        JobBook.of_environment().start(
            JobRow(
                token=context.action_execution_id,
                pipeline=context.pipeline,
                execution=context.pipeline_execution_id,
                stage=context.stage,
                action=context.action.name,
                started=now,
                ended=now + length,
                fails=fails > 0 and chance.randrange(fails) == 0,
            )
        )
        return Job(external_execution_id=context.action_execution_id)

    def poll(self, aws: Aws, job: Job) -> JobStatus:
        succeeded = JobBook.of_environment().outcome(job.external_execution_id)
        if succeeded is None:
            return JobStatus.RUNNING
        if not succeeded:
            raise ActionError("JobFailed", "the hammer says so")
        return JobStatus.SUCCEEDED

    def stop(self, aws: Aws, job: Job) -> None:
        JobBook.of_environment().stop(job.external_execution_id)

    def outputs(self, aws: Aws, job: Job) -> Outputs:
        return Outputs(summary="hammered")
