"""Shell commands in CodeBuild, for what AWS runs in a project that it manages itself.

There is one project a pipeline, `codepipeline-<pipeline>-commands`, made when the first build needs it. All
that differs from build to build is said when the build starts: the commands, the sources, the role.
Source: CodePipeline user guide, Commands action and Commands rule: image, compute, log group.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.actions import console
from airflow_codepipeline.actions.base import Job
from airflow_codepipeline.actions.codebuild_request import sources
from airflow_codepipeline.actions.codebuild_search import earlier_build, marked
from airflow_codepipeline.actions.settings import misconfigured
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Aws

IMAGE = "aws/codebuild/amazonlinux2-x86_64-standard:5.0"
ENVIRONMENT_TYPE = "LINUX_CONTAINER"
COMPUTE_TYPE = "BUILD_GENERAL1_SMALL"

_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]")
_MISSING = frozenset({"ResourceNotFoundException"})
_THERE = frozenset({"ResourceAlreadyExistsException"})


def project_name(pipeline: str) -> str:
    """Return the name of a pipeline's project; what CodeBuild does not allow in it becomes a hyphen."""
    return f"codepipeline-{_ILLEGAL.sub('-', pipeline)}-commands"


def start_commands(aws: Aws) -> Job:
    """Start a build that runs the commands of an attempt; a repeated start finds the same build.

    :raises ActionError: there is no role to run them as, or the build cannot be started.
    """
    context, client = aws.context, aws.client("codebuild")
    request = marked(build_request(context), context)
    build = earlier_build(context, client, request["projectName"]) or _started(client, request)
    return Job(
        external_execution_id=build["id"],
        external_execution_url=console.build(context.identity.region, request["projectName"], build["id"]),
        log_url=(build.get("logs") or {}).get("deepLink"),
        data={"batch": "false"},
    )


def _started(client: Any, request: dict[str, Any]) -> dict[str, Any]:
    try:
        build: dict[str, Any] = client.start_build(**request)["build"]
    except ActionError as error:
        if error.code not in _MISSING:
            raise
        _make_project(client, request["projectName"], request["serviceRoleOverride"])
        build = client.start_build(**request)["build"]
    return build


def build_request(context: ActionContext) -> dict[str, Any]:
    """Return the arguments of StartBuild.

    :raises ActionError: there is no role to run the commands as.
    """
    request: dict[str, Any] = {
        "projectName": project_name(context.pipeline),
        "idempotencyToken": context.action_execution_id,
        "serviceRoleOverride": _role(context),
        "buildspecOverride": buildspec(context),
        "environmentVariablesOverride": [
            {"name": variable.name, "value": variable.value, "type": variable.type}
            for variable in context.action.environment_variables
        ],
        "logsConfigOverride": {
            "cloudWatchLogs": {"status": "ENABLED", "groupName": f"/aws/codepipeline/{context.pipeline}"}
        },
    }
    if not context.input_artifacts:
        return request | {"sourceTypeOverride": "NO_SOURCE"}
    return request | sources(context, context.input_artifacts[0])


def buildspec(context: ActionContext) -> str:
    """Return the buildspec of an attempt: its commands share one shell, and the first that fails ends it."""
    spec: dict[str, Any] = {
        "version": "0.2",
        "phases": {"build": {"on-failure": "ABORT", "commands": list(context.action.commands)}},
    }
    if context.action.output_variables:
        spec["env"] = {"exported-variables": list(context.action.output_variables)}
    return msgspec.json.encode(spec).decode()


def _role(context: ActionContext) -> str:
    if not context.identity.roles:
        raise misconfigured(
            context,
            "commands run as a role. Give the pipeline a roleArn that codebuild.amazonaws.com may assume.",
        )
    return context.identity.roles[-1]


def _make_project(client: Any, name: str, role: str) -> None:
    """Make the project, unless somebody else has just made it."""
    try:
        client.create_project(
            name=name,
            description="Runs the shell commands of a pipeline.",
            source={"type": "NO_SOURCE", "buildspec": '{"version": "0.2"}'},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={"type": ENVIRONMENT_TYPE, "image": IMAGE, "computeType": COMPUTE_TYPE},
            serviceRole=role,
        )
    except ActionError as error:
        if error.code not in _THERE:
            raise
