"""Build and Test/AWS/CodeBuild/1 (CodePipeline user guide, AWS CodeBuild build and test)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.actions import console
from airflow_codepipeline.actions.base import Job, JobStatus, Outputs
from airflow_codepipeline.actions.codebuild_request import build_request
from airflow_codepipeline.actions.codebuild_search import earlier_build, marked
from airflow_codepipeline.actions.objects import written_artifact
from airflow_codepipeline.actions.settings import boolean, required
from airflow_codepipeline.actions.statuses import StatusTable, Verdict
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import Aws

STATUSES = StatusTable(
    kind="build",
    running=frozenset({"IN_PROGRESS"}),
    succeeded=frozenset({"SUCCEEDED"}),
    failed=frozenset({"FAILED", "FAULT", "STOPPED", "TIMED_OUT"}),
)
_ENDED = frozenset({"InvalidInputException", "ResourceNotFoundException"})


class CodeBuild:
    """Runs a build, or a batch of builds, of a CodeBuild project."""

    poll_seconds = 5.0

    def start(self, aws: Aws) -> Job:
        """Start the build; a repeated start finds the same one, by CodeBuild's token or by its variables."""
        context = aws.context
        batch, project = boolean(context, "BatchEnabled"), required(context, "ProjectName")
        client, request = aws.client("codebuild"), marked(build_request(context), context)
        started = earlier_build(context, client, project, batch=batch)
        if started is None and batch:
            started = client.start_build_batch(**request)["buildBatch"]
        elif started is None:
            started = client.start_build(**request)["build"]
        url = console.build(context.identity.region, project, started["id"], batch=batch)
        return Job(
            external_execution_id=started["id"],
            external_execution_url=url,
            log_url=_log_url(started),
            data={"batch": "true" if batch else "false"},
        )

    def poll(self, aws: Aws, job: Job) -> JobStatus:
        """Ask after the build; a failure names the phase, its message and the log."""
        build = _describe(aws, job)
        status = build["buildBatchStatus" if _is_batch(job) else "buildStatus"]
        verdict = STATUSES.classify(status)
        if verdict is Verdict.FAILED:
            raise ActionError("JobFailed", _failure(build, status, job))
        return JobStatus.SUCCEEDED if verdict is Verdict.SUCCEEDED else JobStatus.RUNNING

    def stop(self, aws: Aws, job: Job) -> None:
        """Stop the build; one that has ended stays as it is."""
        client = aws.client("codebuild")
        call = client.stop_build_batch if _is_batch(job) else client.stop_build
        try:
            call(id=job.external_execution_id)
        except ActionError as error:
            if error.code not in _ENDED:
                raise

    def outputs(self, aws: Aws, job: Job) -> Outputs:
        """Return the exported variables, and the artifacts that the build has written."""
        exported = _describe(aws, job).get("exportedEnvironmentVariables", ())
        store = aws.store_client() if aws.context.output_locations else None
        return Outputs(
            variables={variable["name"]: variable.get("value", "") for variable in exported},
            artifacts=tuple(written_artifact(store, location) for location in aws.context.output_locations),
            summary=f"Build {job.external_execution_id}",
        )


def _is_batch(job: Job) -> bool:
    return job.data.get("batch") == "true"


def _describe(aws: Aws, job: Job) -> dict[str, Any]:
    client, ids = aws.client("codebuild"), [job.external_execution_id]
    if _is_batch(job):
        found = client.batch_get_build_batches(ids=ids)["buildBatches"]
    else:
        found = client.batch_get_builds(ids=ids)["builds"]
    if not found:
        raise ActionError("JobFailed", f"CodeBuild has no build {job.external_execution_id} any more.")
    build: dict[str, Any] = found[0]
    return build


def _log_url(build: dict[str, Any]) -> str | None:
    link = (build.get("logs") or {}).get("deepLink")
    return str(link) if link else None


def _failure(build: dict[str, Any], status: str, job: Job) -> str:
    text = f"Build {job.external_execution_id} terminated with state {status}."
    for phase in build.get("phases", ()):
        if phase.get("phaseStatus") in STATUSES.failed:
            text += f" Phase {phase['phaseType']}{_reasons(phase)}."
    log = _log_url(build) or job.external_execution_url
    return f"{text} Log: {log}" if log else text


def _reasons(phase: dict[str, Any]) -> str:
    contexts = [
        f"{context.get('statusCode', '')} {context.get('message', '')}".strip()
        for context in phase.get("contexts", ())
    ]
    found = "; ".join(text.rstrip(".") for text in contexts if text)
    return f": {found}" if found else " failed"
