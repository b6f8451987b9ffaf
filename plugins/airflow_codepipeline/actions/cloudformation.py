"""Deploy/AWS/CloudFormation/1: stacks and change sets (user guide, AWS CloudFormation deploy)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.actions.base import JobStatus, Outputs
from airflow_codepipeline.actions.cloudformation_modes import MODES
from airflow_codepipeline.actions.cloudformation_stacks import stack_outputs, stop_update
from airflow_codepipeline.actions.settings import misconfigured, one_of, optional
from airflow_codepipeline.actions.statuses import Verdict

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Aws, Job
    from airflow_codepipeline.artifacts.reference import ArtifactReference


class CloudFormation:
    """Does what ActionMode says; each mode is in `cloudformation_modes`."""

    poll_seconds = 5.0

    def start(self, aws: Aws) -> Job:
        """Ask CloudFormation for the operation, once: a repeated start finds its own operation again."""
        _check_output(aws.context)
        return MODES[one_of(aws.context, "ActionMode", tuple(MODES))].start(aws)

    def poll(self, aws: Aws, job: Job) -> JobStatus:
        """Ask after the stack or the change set; a failure names the resources that failed first."""
        verdict = MODES[job.data["mode"]].poll(aws, job)
        return JobStatus.RUNNING if verdict is Verdict.RUNNING else JobStatus.SUCCEEDED

    def stop(self, aws: Aws, job: Job) -> None:
        """Cancel the attempt's update. CloudFormation cannot cancel anything else."""
        stop_update(aws, job)

    def outputs(self, aws: Aws, job: Job) -> Outputs:
        """Return the stack's outputs as variables, and as an artifact where one is declared."""
        values = stack_outputs(aws, job)
        return Outputs(
            variables=values,
            artifacts=_artifacts(aws, values),
            summary=f"{job.data['mode']} of stack {job.data['stack']}",
        )


def _check_output(context: ActionContext) -> None:
    if context.output_locations and not optional(context, "OutputFileName"):
        raise misconfigured(context, "it has an output artifact, so the configuration needs OutputFileName.")


def _artifacts(aws: Aws, values: dict[str, Any]) -> tuple[ArtifactReference, ...]:
    name = optional(aws.context, "OutputFileName")
    if name is None or not aws.context.output_locations:
        return ()
    body = msgspec.json.format(msgspec.json.encode(values, order="sorted"))
    return (aws.write_artifact(aws.context.output_locations[0], {name: body}),)
