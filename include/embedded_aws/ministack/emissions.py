"""Runs within MiniStack's process: the events that its services leave out, and those of the gateway's own.

- S3's events get the `version-id` of the object.
- A push to ECR, by the API or by docker's protocol, is an event.
- PutEvents takes events whose source begins with `aws.` from whoever knows the secret: the gateway.
"""

from __future__ import annotations

import json
import secrets
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any

from ministack.services import ecr, eventbridge, s3  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEADER = "x-embedded-aws-emitter"
_PUT_IMAGE_STATUS, _PUT_MANIFEST_STATUS = 200, 201
_version: ContextVar[str | None] = ContextVar("version", default=None)
_trusted: ContextVar[bool] = ContextVar("trusted", default=False)


def install(secret: str) -> None:
    """Put all of it in place.

    :param secret: what the gateway sends in `HEADER`.
    """
    s3._fire_s3_event = _noting_version(s3._fire_s3_event)
    eventbridge._dispatch_event = _with_version(eventbridge._dispatch_event)
    eventbridge.handle_request = _noting_trust(eventbridge.handle_request, secret)
    eventbridge._put_events = _trusting(eventbridge._put_events)
    ecr._put_image = _announcing_image(ecr._put_image)
    ecr._v2_put_manifest = _announcing_manifest(ecr._v2_put_manifest)


def _noting_version(fire: Callable[..., None]) -> Callable[..., None]:
    @wraps(fire)
    def noting(*arguments: Any, **named: Any) -> None:
        with _set(_version, named.get("version_id")):
            fire(*arguments, **named)

    return noting


def _with_version(dispatch: Callable[..., None]) -> Callable[..., None]:
    @wraps(dispatch)
    def with_version(event: dict[str, Any], view: Any = None) -> None:
        version = _version.get()
        if version is not None and event["Source"] == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version
            event = event | {"Detail": json.dumps(detail)}
        dispatch(event, view)

    return with_version


def _noting_trust(handle: Callable[..., Any], secret: str) -> Callable[..., Any]:
    @wraps(handle)
    async def noting(method: str, path: str, headers: dict[str, str], *rest: Any) -> Any:
        with _set(_trusted, secrets.compare_digest(headers.get(HEADER, ""), secret)):
            return await handle(method, path, headers, *rest)

    return noting


def _trusting(put: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(put)
    def trusting(data: dict[str, Any], allow_aws_source: bool = False) -> Any:
        return put(data, allow_aws_source=allow_aws_source or _trusted.get())

    return trusting


def _announcing_image(put: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(put)
    def announcing(data: dict[str, Any]) -> Any:
        answer = put(data)
        if answer[0] == _PUT_IMAGE_STATUS:
            image = json.loads(answer[2])["image"]
            _announce(data["repositoryName"], image["imageId"]["imageDigest"], data.get("imageTag"))
        return answer

    return announcing


def _announcing_manifest(put: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(put)
    def announcing(name: str, ref: str, headers: dict[str, str], body: bytes) -> Any:
        answer = put(name, ref, headers, body)
        if answer[0] == _PUT_MANIFEST_STATUS:
            tag = None if ref.startswith("sha256:") else ref
            _announce(name, answer[1]["Docker-Content-Digest"], tag)
        return answer

    return announcing


def _announce(repository: str, digest: str, tag: str | None) -> None:
    """Tell of an image (ECR user guide, "Sample events": a completed image push)."""
    detail = {
        "result": "SUCCESS",
        "repository-name": repository,
        "image-digest": digest,
        "action-type": "PUSH",
        "image-tag": tag or "",
    }
    event = {"Source": "aws.ecr", "DetailType": "ECR Image Action", "Detail": json.dumps(detail)}
    eventbridge._put_events({"Entries": [event]}, allow_aws_source=True)


@contextmanager
def _set(variable: ContextVar[Any], value: Any) -> Iterator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)
