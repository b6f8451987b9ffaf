from __future__ import annotations

import pytest

from airflow_codepipeline.actions.base import Job, JobStatus
from airflow_codepipeline.actions.codebuild import CodeBuild
from airflow_codepipeline.actions.codebuild_search import MARK
from airflow_codepipeline.errors import ActionError
from fixtures.attempts import ATTEMPT, attempt, reference

BUILD = "project:1"
JOB = Job(
    external_execution_id=BUILD, external_execution_url="https://console/build", data={"batch": "false"}
)
BATCH = Job(external_execution_id="project:batch", data={"batch": "true"})


def build(**more: object) -> dict[str, object]:
    return {"id": BUILD, "projectName": "project", **more}


def context(**more: object):
    return attempt("Build", "CodeBuild", {"ProjectName": "project"}, inputs=[reference("In")], **more)


def test_a_build_is_started_and_can_be_found_by_id_console_and_log(scripted):
    aws = scripted(context())
    aws.script("codebuild").add_response("start_build", {"build": build(logs={"deepLink": "https://log"})})
    job = CodeBuild().start(aws)
    assert job.external_execution_id == BUILD
    assert job.log_url == "https://log"
    assert "eu-west-1.console.aws.amazon.com/codesuite/codebuild/projects/project/build/project%3A1" in (
        job.external_execution_url or ""
    )


def test_a_batch_is_started_where_it_is_enabled(scripted):
    configuration = {"ProjectName": "project", "BatchEnabled": "true", "CombineArtifacts": "true"}
    aws = scripted(attempt("Build", "CodeBuild", configuration, inputs=[reference("In")]))
    aws.script("codebuild").add_response(
        "start_build_batch",
        {"buildBatch": {"id": "project:batch"}},
        {
            "projectName": "project",
            "idempotencyToken": ATTEMPT,
            "environmentVariablesOverride": [{"name": MARK, "value": ATTEMPT, "type": "PLAINTEXT"}],
            "sourceTypeOverride": "S3",
            "sourceLocationOverride": "store/pipeline/In/0000000.zip",
            "secondarySourcesOverride": [],
            "secondarySourcesVersionOverride": [],
            "artifactsOverride": {"type": "NO_ARTIFACTS"},
            "secondaryArtifactsOverride": [],
            "buildBatchConfigOverride": {"combineArtifacts": True},
        },
    )
    assert CodeBuild().start(aws).data == {"batch": "true"}


@pytest.mark.parametrize(
    ("status", "expected"), [("IN_PROGRESS", JobStatus.RUNNING), ("SUCCEEDED", JobStatus.SUCCEEDED)]
)
def test_a_build_is_polled(scripted, status, expected):
    aws = scripted(context())
    aws.script("codebuild").add_response("batch_get_builds", {"builds": [build(buildStatus=status)]})
    aws.script("codebuild").add_response(
        "batch_get_build_batches", {"buildBatches": [{"buildBatchStatus": status}]}
    )
    assert CodeBuild().poll(aws, JOB) is expected
    assert CodeBuild().poll(aws, BATCH) is expected


def test_a_failure_names_the_phase_its_message_and_the_log(scripted):
    aws = scripted(context())
    phases = [
        {"phaseType": "INSTALL", "phaseStatus": "SUCCEEDED", "contexts": [{"statusCode": "", "message": ""}]},
        {
            "phaseType": "BUILD",
            "phaseStatus": "FAILED",
            "contexts": [{"statusCode": "COMMAND_EXECUTION_ERROR", "message": "exit status 3."}],
        },
    ]
    found = build(buildStatus="FAILED", phases=phases, logs={"deepLink": "https://log"})
    aws.script("codebuild").add_response("batch_get_builds", {"builds": [found]})
    with pytest.raises(ActionError) as failure:
        CodeBuild().poll(aws, JOB)
    assert failure.value.code == "JobFailed"
    assert failure.value.message == (
        "Build project:1 terminated with state FAILED. "
        "Phase BUILD: COMMAND_EXECUTION_ERROR exit status 3. Log: https://log"
    )


def test_a_build_that_is_gone_is_a_failure(scripted):
    aws = scripted(context())
    aws.script("codebuild").add_response("batch_get_builds", {"builds": [], "buildsNotFound": [BUILD]})
    with pytest.raises(ActionError, match="no build project:1 any more"):
        CodeBuild().poll(aws, JOB)


def test_a_build_that_has_ended_is_left_alone_by_stop(scripted):
    aws = scripted(context())
    aws.script("codebuild").add_client_error("stop_build", "InvalidInputException", "Build is not running")
    CodeBuild().stop(aws, JOB)


def test_a_stop_that_is_not_allowed_is_an_error(scripted):
    aws = scripted(context())
    aws.script("codebuild").add_client_error("stop_build_batch", "AccessDeniedException", "No")
    with pytest.raises(ActionError, match="AccessDeniedException"):
        CodeBuild().stop(aws, BATCH)


def test_exported_variables_and_written_artifacts_are_the_outputs(scripted):
    attempted = context(outputs=["Out"])
    aws = scripted(attempted)
    exported = [{"name": "TAG", "value": "v1"}, {"name": "EMPTY"}]
    aws.script("codebuild").add_response(
        "batch_get_builds", {"builds": [build(exportedEnvironmentVariables=exported)]}
    )
    location = attempted.output_locations[0]
    aws.script("s3").add_response("head_object", {"VersionId": "v"}, {"Bucket": "store", "Key": location.key})
    outputs = CodeBuild().outputs(aws, JOB)
    assert outputs.variables == {"TAG": "v1", "EMPTY": ""}
    assert [(item.name, item.key, item.version_id) for item in outputs.artifacts] == [
        ("Out", location.key, "v")
    ]


def test_an_artifact_that_the_build_did_not_write_is_a_failure(scripted):
    aws = scripted(context(outputs=["Out"]))
    aws.script("codebuild").add_response("batch_get_builds", {"builds": [build()]})
    aws.script("s3").add_client_error("head_object", "404", "Not Found", http_status_code=404)
    with pytest.raises(ActionError, match="it wrote no output artifact Out"):
        CodeBuild().outputs(aws, JOB)
