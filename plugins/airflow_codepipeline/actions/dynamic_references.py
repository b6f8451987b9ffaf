"""`{{resolve:…}}` in a configuration: looked up when a provider begins, and stored nowhere.

What the engine keeps and shows of an action has the reference. Only what the definition declares is one: the
value of a variable, which whoever starts an execution may give, cannot ask for a secret. CloudFormation's
actions get it as it stands, for CloudFormation looks it up itself. Source: CloudFormation user guide, "Get
values stored in other services using dynamic references".
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.actions.settings import hidden, misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.actions.base import ActionContext, Aws

_REFERENCE = re.compile(r"\{\{resolve:([^{}]*)\}\}")
_ITSELF = frozenset({"CloudFormation", "CloudFormationStackSet", "CloudFormationStackInstances"})
_ARN_PARTS = 7
_RIGHT = (
    "It must be {{resolve:ssm:name:version}}, {{resolve:ssm-secure:name:version}} or "
    "{{resolve:secretsmanager:secret:SecretString:key:stage:version}}; the version and what follows the "
    "secret may be left out."
)


def references_in(configuration: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the references of a declared configuration, by the keys that have some."""
    found = {
        key: tuple(match[0] for match in _REFERENCE.finditer(value)) for key, value in configuration.items()
    }
    return {key: references for key, references in found.items() if references}


def with_references(aws: Aws) -> ActionContext:
    """Return the attempt with the values that its configuration refers to.

    :raises ActionError: a reference is none, or AWS does not give its value to the action's role.
    """
    context = aws.context
    if context.action.action_type_id.provider in _ITSELF or not context.references:
        return context
    configuration = context.action.configuration
    looked_up = {key: _looked_up(aws, key, configuration[key]) for key in context.references}
    action = msgspec.structs.replace(context.action, configuration=configuration | looked_up)
    return msgspec.structs.replace(context, action=action)


def _looked_up(aws: Aws, key: str, value: str) -> str:
    def of(match: re.Match[str]) -> str:
        if match[0] not in aws.context.references[key]:
            return match[0]
        service, _, rest = match[1].partition(":")
        if rest and service in {"ssm", "ssm-secure"}:
            return _parameter(aws, rest, secret=service == "ssm-secure")
        if rest and service == "secretsmanager":
            return _secret(aws, key, match[0], rest)
        raise misconfigured(aws.context, f"{key} has {match[0]}, which is no reference. {_RIGHT}")

    return _REFERENCE.sub(of, value)


def _parameter(aws: Aws, name: str, *, secret: bool) -> str:
    found = aws.client("ssm").get_parameter(Name=name, WithDecryption=secret)
    value = str(found["Parameter"]["Value"])
    return hidden(value) if secret else value


def _secret(aws: Aws, key: str, reference: str, text: str) -> str:
    parts = text.split(":")
    length = _ARN_PARTS if parts[0] == "arn" else 1
    secret_id, options = ":".join(parts[:length]), parts[length:]
    kind, member, stage, version, *more = [*options, *[""] * (4 - len(options))]
    if more or kind not in {"", "SecretString"}:
        raise misconfigured(aws.context, f"{key} has {reference}, which is no reference. {_RIGHT}")
    wanted = {"SecretId": secret_id, "VersionStage": stage, "VersionId": version}
    region = parts[3] if length == _ARN_PARTS and len(parts) >= length else None
    client = aws.client("secretsmanager", region=region)
    found = client.get_secret_value(**{name: value for name, value in wanted.items() if value})
    whole = found.get("SecretString")
    if whole is None:
        raise misconfigured(aws.context, f"{key} has {reference}, and that secret is binary, not text.")
    return hidden(_member(aws, key, reference, whole, member) if member else whole)


def _member(aws: Aws, key: str, reference: str, whole: str, member: str) -> str:
    try:
        values: Any = json.loads(whole)
    except ValueError:
        values = None
    if not isinstance(values, dict) or member not in values:
        raise misconfigured(aws.context, f"{key} has {reference}, and that secret has no key {member}.")
    value = values[member]
    return value if isinstance(value, str) else json.dumps(value)
