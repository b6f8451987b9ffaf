"""A start that is repeated when CodeBuild has forgotten the token."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from airflow_codepipeline.actions.codebuild import CodeBuild
from airflow_codepipeline.actions.codebuild_search import MARK
from airflow_codepipeline.actions.commands_build import project_name, start_commands
from airflow_codepipeline.errors import ActionError
from fixtures.attempts import ATTEMPT, attempt, reference

LONG_AGO = timedelta(minutes=6)


def begun(ago, configuration=None):
    configuration = {"ProjectName": "project"} | (configuration or {})
    context = attempt("Build", "CodeBuild", configuration, inputs=[reference("In")])
    return msgspec.structs.replace(context, begun=datetime.now(UTC) - ago)


def build(number, mark=None, ago=LONG_AGO):
    variables = [{"name": "SCRIPT", "value": ATTEMPT}, *([{"name": MARK, "value": mark}] if mark else [])]
    return {
        "id": f"project:{number}",
        "startTime": datetime.now(UTC) - ago,
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "any",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": variables,
        },
    }


def told(codebuild, *builds, token=None, more=None, kind="builds"):
    """A page of the list of builds, and what they are."""
    listing = {"projectName": "project"} | ({"nextToken": token} if token else {})
    ids = [one["id"] for one in builds]
    codebuild.add_response(
        f"list_{kind}_for_project", {"ids": ids} | ({"nextToken": more} if more else {}), listing
    )
    found = {"builds": "builds", "build_batches": "buildBatches"}[kind]
    codebuild.add_response(f"batch_get_{kind}", {found: list(reversed(builds))}, {"ids": ids})


def test_the_build_that_an_earlier_worker_started_is_found(scripted):
    aws = scripted(begun(LONG_AGO))
    codebuild = aws.script("codebuild")
    told(codebuild, build(9), build(8, mark="another"), more="next")
    told(codebuild, build(7), build(6, mark=ATTEMPT), build(5), token="next")

    assert CodeBuild().start(aws).external_execution_id == "project:6"


def test_a_batch_is_found_too(scripted):
    aws = scripted(begun(LONG_AGO, {"BatchEnabled": "true"}))
    told(aws.script("codebuild"), build(3, mark=ATTEMPT), kind="build_batches")

    assert CodeBuild().start(aws).external_execution_id == "project:3"


def test_where_there_is_none_one_is_started_and_older_ones_are_not_looked_at(scripted):
    aws = scripted(begun(LONG_AGO))
    codebuild = aws.script("codebuild")
    told(codebuild, build(9), build(8, mark=ATTEMPT, ago=timedelta(hours=1)), more="next")
    codebuild.add_response("start_build", {"build": {"id": "project:10"}})

    assert CodeBuild().start(aws).external_execution_id == "project:10"


def test_while_the_token_is_known_nothing_is_looked_for(scripted):
    aws = scripted(begun(timedelta(minutes=4)))
    aws.script("codebuild").add_response("start_build", {"build": {"id": "project:1"}})

    assert CodeBuild().start(aws).external_execution_id == "project:1"


def test_what_may_not_be_looked_for_is_not_started_again(scripted):
    aws = scripted(begun(LONG_AGO))
    aws.script("codebuild").add_client_error("list_builds_for_project", "AccessDeniedException", "no")

    with pytest.raises(ActionError, match="AccessDenied"):
        CodeBuild().start(aws)


def test_commands_whose_project_is_not_there_have_not_been_started(scripted):
    made = attempt("Compute", "Commands", {}, roles=("arn:aws:iam::123456789012:role/pipeline",))
    action = msgspec.structs.replace(made.action, commands=("make",))
    aws = scripted(msgspec.structs.replace(made, action=action, begun=datetime.now(UTC) - LONG_AGO))
    codebuild = aws.script("codebuild")
    codebuild.add_client_error("list_builds_for_project", "ResourceNotFoundException", "no such project")
    codebuild.add_response("start_build", {"build": {"id": f"{project_name('pipeline')}:1"}})

    assert start_commands(aws).external_execution_id.endswith(":1")
