from __future__ import annotations

import json

import botocore.session
import msgspec
import pytest
from botocore.validate import validate_parameters

from airflow_codepipeline.actions.commands_build import build_request, project_name, start_commands
from airflow_codepipeline.definition.model import EnvironmentVariable
from airflow_codepipeline.errors import ActionError
from fixtures.attempts import ATTEMPT, attempt, reference

ROLE, OWN = "arn:aws:iam::123456789012:role/pipeline", "arn:aws:iam::210987654321:role/commands"
STARTED = {"build": {"id": "project:1", "logs": {"deepLink": "https://log"}}}


def context(*, inputs=(), roles=(ROLE,), **more):
    made = attempt("Compute", "Commands", {}, inputs=inputs, roles=roles)
    action = msgspec.structs.replace(made.action, commands=("make", "make test"), **more)
    return msgspec.structs.replace(made, action=action)


def request(**more):
    found = build_request(context(**more))
    shape = botocore.session.get_session().get_service_model("codebuild").operation_model("StartBuild")
    validate_parameters(found, shape.input_shape)
    return found


def test_the_commands_are_the_builds_and_end_it_at_the_first_that_fails():
    phases = json.loads(request()["buildspecOverride"])["phases"]
    assert phases == {"build": {"on-failure": "ABORT", "commands": ["make", "make test"]}}


def test_the_attempt_is_the_token_and_the_last_role_runs_it():
    found = request(roles=(ROLE, OWN))
    assert (found["idempotencyToken"], found["serviceRoleOverride"]) == (ATTEMPT, OWN)
    assert found["logsConfigOverride"]["cloudWatchLogs"]["groupName"] == "/aws/codepipeline/pipeline"


def test_the_first_input_is_where_the_commands_begin():
    found = request(inputs=[reference("One", version_id="v1"), reference("Two")])
    assert found["sourceLocationOverride"].endswith("/One/0000000.zip")
    assert found["sourceVersion"] == "v1"
    assert [source["sourceIdentifier"] for source in found["secondarySourcesOverride"]] == ["Two"]


def test_without_an_input_there_is_no_source():
    assert request()["sourceTypeOverride"] == "NO_SOURCE"


def test_variables_go_in_and_come_out():
    found = request(
        output_variables=("TAG",),
        environment_variables=(EnvironmentVariable(name="KEY", value="key:json", type="SECRETS_MANAGER"),),
    )
    assert json.loads(found["buildspecOverride"])["env"] == {"exported-variables": ["TAG"]}
    assert found["environmentVariablesOverride"] == [
        {"name": "KEY", "value": "key:json", "type": "SECRETS_MANAGER"}
    ]


def test_a_project_is_called_after_its_pipeline_in_letters_that_codebuild_takes():
    assert project_name("shop.eu@1") == "codepipeline-shop-eu-1-commands"


def test_the_project_is_made_where_it_is_not_there_and_somebody_else_may_be_faster(scripted):
    aws = scripted(context())
    codebuild = aws.script("codebuild")
    codebuild.add_client_error("start_build", "ResourceNotFoundException", "no such project")
    codebuild.add_client_error("create_project", "ResourceAlreadyExistsException", "there is")
    codebuild.add_response("start_build", STARTED)

    job = start_commands(aws)

    assert (job.external_execution_id, job.log_url) == ("project:1", "https://log")
    assert "codepipeline-pipeline-commands" in job.external_execution_url


@pytest.mark.parametrize("call", ["start_build", "create_project"])
def test_what_aws_refuses_fails_the_attempt(scripted, call):
    aws = scripted(context())
    if call == "create_project":
        aws.script("codebuild").add_client_error("start_build", "ResourceNotFoundException", "no project")
    aws.script("codebuild").add_client_error(call, "AccessDeniedException", "not you")

    with pytest.raises(ActionError, match="not you"):
        start_commands(aws)


def test_commands_without_a_role_say_what_is_missing():
    with pytest.raises(
        ActionError, match=r"Give the pipeline a roleArn that codebuild\.amazonaws\.com may assume"
    ):
        build_request(context(roles=()))
