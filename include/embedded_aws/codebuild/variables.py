"""The environment variables of a build (CodeBuild guide, "Environment variables in build environments")."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from embedded_aws.codebuild.model import PARAMETER_STORE, SECRETS_MANAGER, Variable
from embedded_aws.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded_aws.buildspec.model import Buildspec


@dataclass
class Values:
    """Variables with their values, and which of the values must not be shown."""

    by_name: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)


def resolve(buildspec: Buildspec, given: tuple[Variable, ...], client: Callable[[str], Any]) -> Values:
    """The variables of the build specification and, over them, those of the project and of StartBuild.

    :param client: makes a client of a service as the service role.
    :raises BuildError: a parameter or secret cannot be read.
    """
    values = Values()
    for variable in (*_declared(buildspec), *given):
        values.by_name[variable.name] = _value(variable, values, client)
    return values


def _declared(buildspec: Buildspec) -> list[Variable]:
    plain = [Variable(name=name, value=value) for name, value in buildspec.variables.items()]
    parameters = [
        Variable(name=name, value=value, type=PARAMETER_STORE)
        for name, value in buildspec.parameter_store.items()
    ]
    secrets = [
        Variable(name=name, value=value, type=SECRETS_MANAGER)
        for name, value in buildspec.secrets_manager.items()
    ]
    return plain + parameters + secrets


def _value(variable: Variable, values: Values, client: Callable[[str], Any]) -> str:
    if variable.type not in (PARAMETER_STORE, SECRETS_MANAGER):
        return variable.value
    try:
        read = _parameter if variable.type == PARAMETER_STORE else _secret
        value = read(variable, client)
    except (BotoCoreError, ClientError) as error:
        message = f"{variable.type} '{variable.value}' of variable {variable.name} cannot be read: {error}"
        raise BuildError(f"{variable.type}_ERROR", message) from error
    values.secrets.append(value)
    return value


def _parameter(variable: Variable, client: Callable[[str], Any]) -> str:
    answer = client("ssm").get_parameter(Name=variable.value, WithDecryption=True)
    return str(answer["Parameter"]["Value"])


def _secret(variable: Variable, client: Callable[[str], Any]) -> str:
    """The secret `<id>[:<json key>[:<version stage>[:<version id>]]]`; the id may be an ARN."""
    secret_id, key, stage, version = _parts(variable.value)
    chosen = {"VersionStage": stage, "VersionId": version}
    wanted = {name: value for name, value in chosen.items() if value}
    text = str(client("secretsmanager").get_secret_value(SecretId=secret_id, **wanted)["SecretString"])
    return _member(text, key, variable) if key else text


def _parts(reference: str) -> list[str]:
    parts = reference.split(":")
    if parts[0] == "arn":
        parts = [":".join(parts[:7]), *parts[7:]]
    return [*parts, "", "", ""][:4]


def _member(text: str, key: str, variable: Variable) -> str:
    try:
        value = msgspec.json.decode(text, type=dict[str, Any])[key]
    except (KeyError, msgspec.DecodeError) as error:
        message = f"the secret of variable {variable.name} is no JSON object with a key '{key}'"
        raise BuildError("SECRETS_MANAGER_ERROR", message) from error
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
