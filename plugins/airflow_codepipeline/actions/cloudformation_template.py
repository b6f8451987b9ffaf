"""What a CloudFormation action passes on: template, parameters, tags, policy and capabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.actions.objects import write
from airflow_codepipeline.actions.settings import (
    artifact_path,
    json_value,
    misconfigured,
    optional,
    required,
    the_input,
    the_store,
)
from airflow_codepipeline.artifacts.layout import folder

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Aws

INLINE_BYTES = 51_200
"""The largest TemplateBody (CloudFormation quotas); a larger template is passed by URL."""

_ATTRIBUTES = ("BucketName", "ObjectKey", "URL")


class TemplateConfiguration(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """The file that TemplateConfiguration names (user guide, CloudFormation artifacts)."""

    parameters: dict[str, Any] = {}
    tags: dict[str, str] = {}
    stack_policy: dict[str, Any] | None = None


def stack_arguments(aws: Aws) -> dict[str, Any]:
    """Return the arguments that CreateStack, UpdateStack and CreateChangeSet share.

    :raises ActionError: the configuration cannot work.
    :raises ArtifactError: an artifact lacks a file that the configuration names.
    """
    configuration = template_configuration(aws)
    parameters = {
        key: parameter_value(aws, key, value) for key, value in configuration.parameters.items()
    } | parameter_overrides(aws)
    arguments: dict[str, Any] = _template(aws) | operation_arguments(aws.context)
    arguments["Parameters"] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in sorted(parameters.items())
    ]
    if configuration.tags:
        arguments["Tags"] = [{"Key": key, "Value": value} for key, value in configuration.tags.items()]
    capabilities = optional(aws.context, "Capabilities")
    if capabilities:
        arguments["Capabilities"] = [item.strip() for item in capabilities.split(",") if item.strip()]
    return arguments


def operation_arguments(context: ActionContext) -> dict[str, str]:
    """Return the stack's name and the role that CloudFormation acts as."""
    arguments = {"StackName": required(context, "StackName")}
    role = optional(context, "RoleArn")
    return arguments | {"RoleARN": role} if role else arguments


def stack_policy(aws: Aws) -> dict[str, str]:
    """Return the StackPolicyBody of the template configuration, as an argument."""
    policy = template_configuration(aws).stack_policy
    return {"StackPolicyBody": msgspec.json.encode(policy).decode()} if policy else {}


def template_configuration(aws: Aws) -> TemplateConfiguration:
    """Return the template configuration; an empty one where the action names none."""
    value = optional(aws.context, "TemplateConfiguration")
    if value is None:
        return TemplateConfiguration()
    artifact, path = artifact_path(aws.context, "TemplateConfiguration", value)
    return json_value(aws.context, value, aws.read_file(artifact, path), TemplateConfiguration)


def parameter_overrides(aws: Aws) -> dict[str, str]:
    """Return ParameterOverrides with its functions resolved."""
    text = optional(aws.context, "ParameterOverrides")
    if text is None:
        return {}
    overrides = json_value(aws.context, "ParameterOverrides", text, dict[str, Any])
    return {key: parameter_value(aws, key, value) for key, value in overrides.items()}


def parameter_value(aws: Aws, key: str, value: Any) -> str:
    """Return one parameter's value as a string.

    :param value: a scalar, or `Fn::GetArtifactAtt` or `Fn::GetParam` (user guide, parameter override
        functions).
    :raises ActionError: it is something else.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    match value:
        case {"Fn::GetArtifactAtt": [str(artifact), str(attribute)]}:
            return _artifact_attribute(aws, artifact, attribute)
        case {"Fn::GetParam": [str(artifact), str(path), str(name)]}:
            return _parameter(aws, artifact, path, name)
    raise misconfigured(
        aws.context,
        f"parameter {key} must be a string, "
        '{"Fn::GetArtifactAtt": [artifact, attribute]} or {"Fn::GetParam": [artifact, file, key]}.',
    )


def _artifact_attribute(aws: Aws, name: str, attribute: str) -> str:
    artifact = the_input(aws.context, name)
    values = (artifact.bucket, artifact.key, f"{_endpoint(aws)}/{artifact.bucket}/{artifact.key}")
    try:
        return dict(zip(_ATTRIBUTES, values, strict=True))[attribute]
    except KeyError:
        known = ", ".join(_ATTRIBUTES)
        raise misconfigured(
            aws.context, f"an artifact has no attribute {attribute}. It has {known}."
        ) from None


def _parameter(aws: Aws, name: str, path: str, key: str) -> str:
    artifact = the_input(aws.context, name)
    content = json_value(aws.context, f"{name}::{path}", aws.read_file(artifact, path), dict[str, Any])
    if key not in content:
        raise misconfigured(aws.context, f"{name}::{path} has no key {key}.")
    value = content[key]
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _template(aws: Aws) -> dict[str, str]:
    value = required(aws.context, "TemplatePath")
    artifact, path = artifact_path(aws.context, "TemplatePath", value)
    body = aws.read_file(artifact, path)
    if len(body) <= INLINE_BYTES:
        return {"TemplateBody": _text(aws.context, value, body)}
    store, client = the_store(aws.context), aws.store_client()
    key = f"{folder(aws.context.pipeline)}/templates/{aws.context.action_execution_id}"
    write(client, store, key, body)
    return {"TemplateURL": f"{_endpoint(aws)}/{store.location}/{key}"}


def _text(context: ActionContext, name: str, body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise misconfigured(context, f"{name} is no UTF-8 text: {error}.") from error


def _endpoint(aws: Aws) -> str:
    # Path-style addresses work with AWS and with whatever AWS_ENDPOINT_URL points to.
    return str(aws.store_client().meta.endpoint_url).rstrip("/")
