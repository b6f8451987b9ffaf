"""What a CodeBuild action asks of CodeBuild: sources, artifacts and variables of one build.

Projects made for CodePipeline have the source and artifact type CODEPIPELINE, which only AWS's own
service can serve. StartBuild lets S3 stand in for both, so the project needs no change: the sources
are the input artifacts at their exact versions, and the artifacts go to the planned keys. A full clone
(CODEBUILD_CLONE_REF) is a git source instead: CodeBuild clones the repository itself, at the commit.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from airflow_codepipeline.actions.settings import (
    boolean,
    json_value,
    misconfigured,
    optional,
    required,
    the_input,
)

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext
    from airflow_codepipeline.artifacts.reference import ArtifactLocation, ArtifactReference

_WHOLE_HISTORY = 0
# How StartBuild calls the members of the primary ProjectSource.
_OVERRIDES = {
    "type": "sourceTypeOverride",
    "location": "sourceLocationOverride",
    "gitCloneDepth": "gitCloneDepthOverride",
    "auth": "sourceAuthOverride",
}
_ILLEGAL_IDENTIFIER = re.compile(r"\W", re.ASCII)


class Variable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of EnvironmentVariables."""

    name: str
    value: str
    type: Literal["PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER"] = "PLAINTEXT"


def build_request(context: ActionContext) -> dict[str, Any]:
    """Return the arguments of StartBuild or StartBuildBatch.

    :raises ActionError: the configuration cannot work.
    """
    request: dict[str, Any] = {
        "projectName": required(context, "ProjectName"),
        "idempotencyToken": context.action_execution_id,
        "environmentVariablesOverride": environment_variables(context),
    }
    buildspec = optional(context, "BuildspecOverride")
    if buildspec:
        request["buildspecOverride"] = buildspec
    if context.input_artifacts or context.subject == "Action":
        # A rule may have no input: then the project's own source serves.
        request |= sources(context, _primary(context))
    return request | _artifacts(context.output_locations) | _batch(context)


def identifier(artifact: str) -> str:
    """Return an input's name as CodeBuild allows it for a source: letters, digits and underscores."""
    return _ILLEGAL_IDENTIFIER.sub("_", artifact)


def environment_variables(context: ActionContext) -> list[dict[str, str]]:
    """Return the EnvironmentVariables of the configuration, a JSON array in a string.

    :raises ActionError: it is not such an array.
    """
    text = optional(context, "EnvironmentVariables")
    if text is None:
        return []
    variables = json_value(context, "EnvironmentVariables", text, list[Variable])
    return [{"name": item.name, "value": item.value, "type": item.type} for item in variables]


def sources(context: ActionContext, primary: ArtifactReference) -> dict[str, Any]:
    """Return the input artifacts as the sources of a build.

    :param primary: the one that the build begins in.
    """
    others = [artifact for artifact in context.input_artifacts if artifact is not primary]
    request: dict[str, Any] = {_OVERRIDES[member]: value for member, value in _source(primary).items()}
    request["secondarySourcesOverride"] = [
        _source(item) | {"sourceIdentifier": identifier(item.name)} for item in others
    ]
    request["secondarySourcesVersionOverride"] = [
        {"sourceIdentifier": identifier(item.name), "sourceVersion": version}
        for item in others
        if (version := _version(item))
    ]
    version = _version(primary)
    return request | {"sourceVersion": version} if version else request


def _source(artifact: ArtifactReference) -> dict[str, Any]:
    """Return an input as CodeBuild's ProjectSource: its zip, or for a full clone the repository itself."""
    clone = artifact.clone
    if clone is None:
        return {"type": "S3", "location": f"{artifact.bucket}/{artifact.key}"}
    source: dict[str, Any] = {
        "type": clone.source_type,
        "location": clone.location,
        "gitCloneDepth": _WHOLE_HISTORY,
    }
    if clone.connection_arn:
        source["auth"] = {"type": "CODECONNECTIONS", "resource": clone.connection_arn}
    return source


def _version(artifact: ArtifactReference) -> str | None:
    return artifact.revision_id if artifact.clone else artifact.version_id


def _primary(context: ActionContext) -> ArtifactReference:
    if len(context.input_artifacts) == 1:
        return context.input_artifacts[0]
    name = optional(context, "PrimarySource")
    if name is None and context.input_artifacts:
        inputs = ", ".join(artifact.name for artifact in context.input_artifacts)
        raise misconfigured(
            context, f"it has several input artifacts; PrimarySource must name one of {inputs}."
        )
    return the_input(context, name)


def _artifacts(locations: tuple[ArtifactLocation, ...]) -> dict[str, Any]:
    if len(locations) == 1:
        return {"artifactsOverride": _artifact(locations[0])} | _key(locations)
    return {
        "artifactsOverride": {"type": "NO_ARTIFACTS"},
        "secondaryArtifactsOverride": [
            _artifact(location) | {"artifactIdentifier": location.name} for location in locations
        ],
    } | _key(locations)


def _artifact(location: ArtifactLocation) -> dict[str, Any]:
    # CodeBuild joins path and name with a slash, without a namespace in between: that is the key.
    path, _, name = location.key.rpartition("/")
    return {
        "type": "S3",
        "location": location.bucket,
        "path": path,
        "name": name,
        "namespaceType": "NONE",
        "packaging": "ZIP",
        "overrideArtifactName": False,
    }


def _key(locations: tuple[ArtifactLocation, ...]) -> dict[str, str]:
    keys = [location.kms_key_id for location in locations if location.kms_key_id]
    return {"encryptionKeyOverride": keys[0]} if keys else {}


def _batch(context: ActionContext) -> dict[str, Any]:
    combine = boolean(context, "CombineArtifacts")
    if not boolean(context, "BatchEnabled"):
        if combine:
            raise misconfigured(context, "CombineArtifacts needs BatchEnabled to be true.")
        return {}
    return {"buildBatchConfigOverride": {"combineArtifacts": combine}}
