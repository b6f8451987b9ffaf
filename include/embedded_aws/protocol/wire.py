"""Requests and answers on the wire: awsJson 1.1 and smithy-rpc-v2-cbor."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from embedded_aws.errors import ServiceError
from embedded_aws.protocol import cbor
from embedded_aws.protocol.timestamp import Timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

_CBOR_PATH = re.compile(r"/service/(?P<target>[\w.]+)/operation/(?P<operation>\w+)/?")


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a request asks for: `prefix` names the service as X-Amz-Target does, e.g. CodeBuild_20161006."""

    prefix: str
    operation: str
    cbor: bool


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer, complete."""

    status: int
    headers: dict[str, str]
    body: bytes


def target_of(path: str, headers: Mapping[str, str]) -> Target | None:
    """The operation a request names, None when it names none in one of these two protocols."""
    if match := _CBOR_PATH.fullmatch(path.partition("?")[0]):
        return Target(prefix=match["target"], operation=match["operation"], cbor=True)
    prefix, dot, operation = headers.get("X-Amz-Target", "").rpartition(".")
    return Target(prefix=prefix, operation=operation, cbor=False) if dot else None


def read(target: Target, body: bytes) -> dict[str, Any]:
    """The parameters in a request's body.

    :raises ServiceError: SerializationException when the body is no object in the target's protocol.
    """
    try:
        parameters = (cbor.decode(body) if target.cbor else msgspec.json.decode(body)) if body else {}
    except (ValueError, msgspec.DecodeError) as error:
        raise ServiceError("SerializationException", f"The body cannot be read: {error}") from error
    if not isinstance(parameters, dict):
        raise ServiceError("SerializationException", "The body is no object")
    return parameters


def success(target: Target, document: dict[str, Any]) -> Answer:
    """The answer to an operation that succeeded."""
    return _answer(target, 200, document)


def failure(target: Target, error: ServiceError) -> Answer:
    """The answer to an operation that failed."""
    return _answer(target, error.status, {"__type": error.code, "message": error.message})


def _answer(target: Target, status: int, document: dict[str, Any]) -> Answer:
    headers = {"x-amzn-RequestId": str(uuid.uuid4())}
    if target.cbor:
        headers |= {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
        return Answer(status=status, headers=headers, body=cbor.encode(document))
    headers["Content-Type"] = "application/x-amz-json-1.1"
    return Answer(status=status, headers=headers, body=msgspec.json.encode(_plain(document)))


def _plain(value: Any) -> Any:
    if isinstance(value, Timestamp):
        return value.seconds
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
