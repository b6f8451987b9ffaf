"""`POST /codepipeline/events`: what EventBridge sends straight to the API server, through an API destination.

Airflow does not know who sends it; the key in the option `event_key` does. Without that option there is no
such address. EventBridge sends again what is answered with 409, 429 or 5xx, for 24 hours, and puts the rest
aside (EventBridge user guide, "API destinations"); so a start that is refused for now is answered with 503.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from airflow_codepipeline.changes.change import Nothing, UnreadableMessageError
from airflow_codepipeline.changes.message import read_message
from airflow_codepipeline.dag.own_dags import option
from airflow_codepipeline.service.source_changes import start_all
from airflow_codepipeline.web.webhook_answer import MessageRefusedError, address_of, sent_body

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.requests import Request
    from starlette.responses import Response

    from airflow_codepipeline.changes.change import Change
    from airflow_codepipeline.changes.request import StartRequest
    from airflow_codepipeline.execution.refusal import Refusal

log = logging.getLogger(__name__)

KEY_OPTION, KEY_HEADER = "event_key", "x-api-key"
LARGEST_BODY = 1024 * 1024
"""Bytes of an event, at most (EventBridge quotas)."""
_PASSING = frozenset(
    {
        "ConcurrentModificationException",
        "ConcurrentPipelineExecutionsLimitExceededException",
        "ConflictException",
    }
)


async def receive(request: Request, rest: str) -> Response:
    """Answer one message.

    :param rest: what stands behind the address; there is nothing there.
    """
    try:
        _check_sender(request, rest)
        content = await _content(request)
    except MessageRefusedError as error:
        log.warning("An event from %s is not taken: %s", address_of(request), error)
        return JSONResponse({"error": str(error)}, error.status)
    if isinstance(content, Nothing):
        return JSONResponse({"executions": [], "ignored": content.reason})
    executions, refusals = await run_in_threadpool(start_all, content)
    log.info("%s: started %s", content, executions or "nothing")
    return _answer(executions, refusals)


def _check_sender(request: Request, rest: str) -> None:
    """Check that who sends something knows the key.

    :raises MessageRefusedError: they do not, or there is nothing to send to.
    """
    key = option(KEY_OPTION)
    if key is None or rest:
        raise MessageRefusedError(404, "There is nothing here.")
    if request.method != "POST":
        raise MessageRefusedError(405, "Events are sent by POST.")
    if not _knows(request.headers, key):
        raise MessageRefusedError(401, f"Neither the header {KEY_HEADER} nor Basic's password is the key.")


async def _content(request: Request) -> Change | StartRequest | Nothing:
    try:
        return read_message(await sent_body(request, LARGEST_BODY))
    except UnreadableMessageError as error:
        raise MessageRefusedError(400, str(error)) from error


def _answer(executions: list[dict[str, str]], refusals: list[Refusal]) -> JSONResponse:
    if not refusals:
        return JSONResponse({"executions": executions})
    status = 503 if any(refusal.code in _PASSING for refusal in refusals) else 400
    errors = [{"__type": refusal.code, "message": refusal.message} for refusal in refusals]
    return JSONResponse({"executions": executions, "errors": errors}, status)


def _knows(headers: Headers, key: str) -> bool:
    """Tell whether a request has the key, in a time that does not depend on what it has instead."""
    given = headers.get(KEY_HEADER) or _password(headers.get("authorization", ""))
    return hmac.compare_digest(given.encode(), key.encode())


def _password(authorization: str) -> str:
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
