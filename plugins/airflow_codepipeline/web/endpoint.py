"""The CodePipeline API: `POST` with the header `X-Amz-Target: CodePipeline_20150709.<Operation>`.

    boto3.client("codepipeline", endpoint_url="https://airflow.example.com/codepipeline", …)

Whoever AWS's clients are, they send to the address that they are given, without a slash at its end, which
Starlette's mounts do not match. So a middleware of Airflow's own app takes their requests out beforehand.

Below the address is what others than AWS's clients send: `_RECEIVERS`.
"""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.web.access import authenticated, authorize, is_allowed
from airflow_codepipeline.web.aws_json import (
    CONTENT_TYPE,
    error_status,
    read_input,
    service_model,
    write_output,
)
from airflow_codepipeline.web.body import BodyTooLargeError, read_body
from airflow_codepipeline.web.caller import as_caller
from airflow_codepipeline.web.operations import OPERATIONS, arguments, pipelines_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from airflow_codepipeline.web.caller import Caller
    from airflow_codepipeline.web.operations import Operation

log = logging.getLogger(__name__)

PREFIX = "/codepipeline"
TARGET = "CodePipeline_20150709."
LARGEST_BODY = 256 * 1024
"""Bytes of a request: 50 source revisions of 1,500 characters and 50 variables of 1,000 fit in."""


_RECEIVERS = {
    "events": "airflow_codepipeline.web.event_receiver",
    "git": "airflow_codepipeline.web.git_webhooks",
    "webhooks": "airflow_codepipeline.web.webhooks",
}
"""What stands below the address: by the first part of the path, the module whose `receive` answers."""

_SECRETS = frozenset({"token", "SecretToken"})
"""The members of inputs that no log has."""


class Dispatch:
    """The middleware: gives the endpoint what is for it, wherever a client was told to send it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to the endpoint, or to Airflow."""
        app = endpoint if _is_for_us(scope) else self._app
        await app(scope, receive, send)


async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request to the API: an ASGI app."""
    if scope["type"] != "http":
        return
    request_id, request = str(uuid.uuid4()), Request(scope, receive)
    receiver, _, rest = _path(scope).lstrip("/").partition("/")
    try:
        if receiver in _RECEIVERS:
            response = await import_module(_RECEIVERS[receiver]).receive(request, rest)
        else:
            response = await _answer(request)
    except Refusal as refusal:
        response = _error(refusal.code, refusal.message)
    except ClientDisconnect:
        return
    except Exception:
        log.exception("CodePipeline API, request %s", request_id)
        response = _error("InternalFailure", f"The server failed; its log has more of request {request_id}.")
    response.headers["x-amzn-RequestId"] = request_id
    await response(scope, receive, send)


def _is_for_us(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "POST":
        return False
    return _path(scope) in {"", "/", PREFIX, f"{PREFIX}/"} and _target(scope).startswith(TARGET)


def _path(scope: Scope) -> str:
    """Return the path below where the app is mounted."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _target(scope: Scope) -> str:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    return next((value.decode("latin-1") for name, value in headers if name == b"x-amz-target"), "")


async def _answer(request: Request) -> Response:
    """Carry out the operation that a request asks for.

    :raises Refusal: it is not carried out.
    """
    operation = _operation(_target(request.scope))
    user = await authenticated(request)
    caller = await run_in_threadpool(as_caller, user)
    body = await _body(request)
    model = service_model().operation_model(operation.name)
    parameters = await run_in_threadpool(read_input, model, body)
    call = _Call(operation, user, caller, parameters)
    await run_in_threadpool(call.authorize)
    output = await run_in_threadpool(call.carry_out)
    return Response(write_output(model, output), media_type=CONTENT_TYPE)


def _operation(target: str) -> Operation:
    name = target.removeprefix(TARGET)
    if name in OPERATIONS:
        return OPERATIONS[name]
    if name in service_model().operation_names:
        raise Refusal("UnknownOperationException", f"The operation {name} is not supported here yet.")
    raise Refusal(
        "UnknownOperationException",
        f"The header X-Amz-Target names no operation of CodePipeline: {target or 'it is missing'}.",
    )


async def _body(request: Request) -> bytes:
    try:
        return await read_body(request, LARGEST_BODY)
    except BodyTooLargeError as error:
        raise Refusal("RequestEntityTooLarge", str(error)) from error


@dataclass
class _Call:
    """An operation that somebody wants carried out."""

    operation: Operation
    user: Any
    caller: Caller
    parameters: dict[str, Any]
    pipelines: list[str] = field(default_factory=list)

    def authorize(self) -> None:
        """Find out which pipelines it is about.

        :raises Refusal: the caller may not do it with one of them.
        """
        from airflow.utils.session import create_session

        with create_session() as session:
            self.pipelines = pipelines_of(self.operation, session, self.parameters)
        for pipeline in self.pipelines:
            authorize(self.user, self.caller, self.operation, pipeline)

    def carry_out(self) -> dict[str, Any]:
        """Call the operation's function in one transaction; what changes something is in the audit log."""
        from airflow.utils.session import create_session

        operation, person = self.operation, self.caller.person
        given = arguments(operation, self.parameters)
        if operation.subject == "webhooks":
            given["visible"] = partial(is_allowed, self.user, self.caller, operation)
        with create_session() as session:
            output = operation.function(session, person if operation.wants_person else person.name, **given)
            if not operation.reads:
                self._record(session)
            return output

    def _record(self, session: Any) -> None:
        from airflow.models.log import Log

        from airflow_codepipeline.dag.names import dag_id

        session.add(
            Log(
                event=f"codepipeline.{self.operation.name}",
                owner=self.caller.person.name,
                dag_id=dag_id(self.pipelines[0]) if self.pipelines else None,
                extra=json.dumps(_told(self.parameters)),
            )
        )


def _told(value: Any) -> Any:
    """Return a part of an input as the audit log may have it."""
    if isinstance(value, dict):
        return {name: _told(one) for name, one in value.items() if name not in _SECRETS}
    return [_told(one) for one in value] if isinstance(value, list) else value


def _error(code: str, message: str) -> Response:
    body = json.dumps({"__type": code, "message": message})
    return Response(body, error_status(code), media_type=CONTENT_TYPE)
