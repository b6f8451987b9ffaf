"""Makes a build out of a project and the overrides of StartBuild (CodeBuild API, StartBuild)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from embedded_aws.codebuild.model import (
    IN_PROGRESS,
    Artifacts,
    Build,
    Environment,
    Logs,
    Project,
    Record,
    Shared,
    Source,
    Variable,
)
from embedded_aws.codebuild.projects import check_artifacts, check_sources
from embedded_aws.errors import ServiceError

if TYPE_CHECKING:
    from embedded_aws.caller import Caller

_SOURCE = {
    "sourceTypeOverride": "type",
    "sourceLocationOverride": "location",
    "buildspecOverride": "buildspec",
    "sourceAuthOverride": "auth",
    "gitCloneDepthOverride": "gitCloneDepth",
    "gitSubmodulesConfigOverride": "gitSubmodulesConfig",
    "insecureSslOverride": "insecureSsl",
    "reportBuildStatusOverride": "reportBuildStatus",
    "buildStatusConfigOverride": "buildStatusConfig",
}
_ENVIRONMENT = {
    "environmentTypeOverride": "type",
    "imageOverride": "image",
    "computeTypeOverride": "computeType",
    "certificateOverride": "certificate",
    "privilegedModeOverride": "privilegedMode",
    "registryCredentialOverride": "registryCredential",
    "imagePullCredentialsTypeOverride": "imagePullCredentialsType",
    "fleetOverride": "fleet",
    "hostKernelOverride": "hostKernel",
}
_SHARED = {
    "secondarySourcesOverride": "secondarySources",
    "secondarySourcesVersionOverride": "secondarySourceVersions",
    "sourceVersion": "sourceVersion",
    "serviceRoleOverride": "serviceRole",
    "timeoutInMinutesOverride": "timeoutInMinutes",
    "queuedTimeoutInMinutesOverride": "queuedTimeoutInMinutes",
    "encryptionKeyOverride": "encryptionKey",
    "cacheOverride": "cache",
}


def order(caller: Caller, project: Project, overrides: dict[str, Any], *, now: float) -> Record:
    """The build that StartBuild asks for, before it has a number.

    :param now: seconds since 1970.
    :raises ServiceError: InvalidInputException.
    """
    try:
        artifacts, secondary = _artifacts(project, overrides)
        shared = _shared(project, overrides)
    except msgspec.ValidationError as error:
        raise ServiceError("InvalidInputException", str(error)) from error
    check_sources(shared.source, shared.secondary_sources)
    check_artifacts(artifacts, secondary)
    return Record(
        account=caller.account,
        region=caller.region,
        build=_build(caller, project.name, shared, now=now),
        artifacts=artifacts,
        secondary_artifacts=secondary,
    )


def again(caller: Caller, record: Record, *, now: float) -> Record:
    """The build that RetryBuild asks for: the same, from the start."""
    build = _build(caller, record.build.project_name, record.build, now=now)
    return msgspec.structs.replace(record, build=build)


def numbered(record: Record, number: int) -> Record:
    """`record` with its build number."""
    return msgspec.structs.replace(record, build=msgspec.structs.replace(record.build, build_number=number))


def _build(caller: Caller, project: str, shared: Shared, *, now: float) -> Build:
    stream = str(uuid.uuid4())
    name = f"{project}:{stream}"
    group = f"/aws/codebuild/{project}"
    taken_over = {field: getattr(shared, field) for field in Shared.__struct_fields__}
    return Build(
        **taken_over,
        id=name,
        arn=f"arn:aws:codebuild:{caller.region}:{caller.account}:build/{name}",
        build_number=0,
        project_name=project,
        start_time=now,
        initiator=caller.access_key,
        current_phase="SUBMITTED",
        build_status=IN_PROGRESS,
        logs=_logs(caller, group, stream),
    )


def _logs(caller: Caller, group: str, stream: str) -> Logs:
    place = f"{caller.region}:{caller.account}:log-group:{group}:log-stream:{stream}"
    encoded = group.replace("/", "$252F")
    return Logs(
        group_name=group,
        stream_name=stream,
        deep_link=(
            f"https://console.aws.amazon.com/cloudwatch/home?region={caller.region}"
            f"#logsV2:log-groups/log-group/{encoded}/log-events/{stream}"
        ),
        cloud_watch_logs_arn=f"arn:aws:logs:{place}",
        cloud_watch_logs={"status": "ENABLED"},
        s3_logs={"status": "DISABLED"},
    )


def _shared(project: Project, overrides: dict[str, Any]) -> Shared:
    whole = msgspec.to_builtins(project)
    document = {member: value for member, value in whole.items() if member in _SHARED_MEMBERS}
    document |= _renamed(overrides, _SHARED)
    document["source"] = msgspec.to_builtins(_source(project.source, overrides))
    document["environment"] = msgspec.to_builtins(_environment(project.environment, overrides))
    return msgspec.convert(document, Shared)


_SHARED_MEMBERS = frozenset(Shared.__struct_encode_fields__)


def _source(source: Source, overrides: dict[str, Any]) -> Source:
    document = msgspec.to_builtins(source) | _renamed(overrides, _SOURCE)
    if document["type"] == "NO_SOURCE":
        document.pop("location", None)
    return msgspec.convert(document, Source)


def _environment(environment: Environment, overrides: dict[str, Any]) -> Environment:
    document = msgspec.to_builtins(environment) | _renamed(overrides, _ENVIRONMENT)
    variables = {variable.name: variable for variable in environment.environment_variables}
    given = msgspec.convert(overrides.get("environmentVariablesOverride", []), list[Variable])
    variables |= {variable.name: variable for variable in given}
    document["environmentVariables"] = msgspec.to_builtins(list(variables.values()))
    return msgspec.convert(document, Environment)


def _artifacts(project: Project, overrides: dict[str, Any]) -> tuple[Artifacts, tuple[Artifacts, ...]]:
    artifacts = msgspec.convert(overrides.get("artifactsOverride", project.artifacts), Artifacts)
    given = overrides.get("secondaryArtifactsOverride", project.secondary_artifacts)
    return artifacts, msgspec.convert(given, tuple[Artifacts, ...])


def _renamed(overrides: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names[name]: value for name, value in overrides.items() if name in names}
