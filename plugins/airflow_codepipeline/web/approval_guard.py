"""Stands in front of Airflow's own route for answers to approvals, and lets nobody answer who may not decide.

A middleware of the API server: the UI's Required Actions, the REST API and the Python client all use that one
route. Everything else passes it after a look at the method and the path.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from airflow_codepipeline.dag.decisions import APPROVE
from airflow_codepipeline.service.approval_answer import AnswerRefusedError, checked_answer, without_mark
from airflow_codepipeline.service.approval_question import Place, is_pipeline, read_question, show_approval
from airflow_codepipeline.web.body import BodyTooLargeError, read_body
from airflow_codepipeline.web.caller import caller_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from airflow_codepipeline.execution.approval import Person
    from airflow_codepipeline.service.approval_question import Question

log = logging.getLogger(__name__)

LARGEST_BODY = 64 * 1024
"""Bytes of an answer; a comment has up to 512 characters."""
# As Starlette's own pattern of that route ends: `$` lets a line feed at the end through, there and here.
_ROUTE = re.compile(r"/api/v2/dags/([^/]+)/dagRuns/([^/]+)/taskInstances/([^/]+)/[^/]+/hitlDetails$")


@dataclass(frozen=True, slots=True)
class _Forwarded:
    """A request that goes on to Airflow.

    :param body: what Airflow is given in the place of what was sent.
    :param taken: called when Airflow has taken it, in a thread.
    """

    body: bytes
    taken: Callable[[], None] | None = None


class ApprovalGuard:
    """The middleware.

    A failure in here refuses an answer to a pipeline's approval (503), and is not seen anywhere else.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, unless it is an answer that somebody may not give."""
        place = _answered(scope)
        verdict = await _judge(place, scope, receive) if place else None
        if verdict is None:
            await self._app(scope, receive, send)
        elif isinstance(verdict, JSONResponse):
            await verdict(scope, receive, send)
        else:
            forwarded = _with_length(scope, len(verdict.body))
            await self._app(forwarded, _replay(verdict.body, receive), partial(_send, verdict, send))


async def _judge(place: Place, scope: Scope, receive: Receive) -> _Forwarded | JSONResponse | None:
    """Return what Airflow is given, or who is refused and why; none: it is no pipeline's matter."""
    try:
        if not await run_in_threadpool(_concerns, place):
            return None
        return await _forwarded(place, Request(scope, receive))
    except AnswerRefusedError as error:
        return JSONResponse({"detail": str(error)}, error.status)
    except HTTPException as error:
        return JSONResponse({"detail": error.detail}, error.status_code, error.headers)
    except Exception:
        log.exception("Whether an answer to %s may be given is not known: refused", place)
        refused = "Who may decide about this approval cannot be found out now. Try again."
        return JSONResponse({"detail": refused}, 503)


def _answered(scope: Scope) -> Place | None:
    """Return the task that a request answers; none where it is another request."""
    if scope["type"] != "http" or scope["method"] != "PATCH":
        return None
    match = _ROUTE.search(scope["path"])
    return Place(*match.groups()) if match else None


def _concerns(place: Place) -> bool:
    from airflow.utils.session import create_session

    with create_session() as session:
        return is_pipeline(session, place.dag_id)


async def _forwarded(place: Place, request: Request) -> _Forwarded:
    """Return the answer as Airflow may store it.

    :raises AnswerRefusedError: it may not be stored.
    :raises HTTPException: the request is none that Airflow would take.
    """
    caller = await caller_of(request, place.dag_id)
    sent = await _read(request)
    question = await run_in_threadpool(_question, request.app.state.dag_bag, place)
    payload = _json(sent)
    if not isinstance(payload, dict):
        return _Forwarded(sent)
    if question is None:
        return _Forwarded(json.dumps(without_mark(payload)).encode())
    if not caller.active:
        raise AnswerRefusedError(403, f"{caller.person.name} is deactivated and may not decide.")
    answer = checked_answer(question, caller.person, payload)
    approves = answer.get("chosen_options") == [APPROVE]
    return _Forwarded(json.dumps(answer).encode(), partial(_show, question, caller.person, approves))


def _question(dag_bag: Any, place: Place) -> Question | None:
    from airflow.utils.session import create_session

    with create_session() as session:
        return read_question(dag_bag, session, place)


async def _read(request: Request) -> bytes:
    try:
        return await read_body(request, LARGEST_BODY)
    except BodyTooLargeError as error:
        raise HTTPException(413, f"An answer has at most {LARGEST_BODY} bytes.") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "The request ended before its body did.") from error


def _json(body: bytes) -> Any:
    """Return what a body says; none where Airflow is going to refuse it, which reads it likewise."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a channel that gives a body once, and then what comes of the client."""
    waiting = [body]

    async def replayed() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return replayed


def _with_length(scope: Scope, length: int) -> Scope:
    headers = [(key, value) for key, value in scope["headers"] if key.lower() != b"content-length"]
    return {**scope, "headers": [*headers, (b"content-length", str(length).encode())]}


async def _send(forwarded: _Forwarded, send: Send, message: Message) -> None:
    """Send on what Airflow answers; where it took an answer, the question says from then on how it stands."""
    starts = message["type"] == "http.response.start"
    if starts and message["status"] == 200 and forwarded.taken is not None:
        try:
            await run_in_threadpool(forwarded.taken)
        except Exception:
            log.exception("A question does not show who has answered")
    await send(message)


def _show(question: Question, person: Person, approves: bool) -> None:
    from airflow.utils.session import create_session

    if question.approvers is None or not approves:
        return
    with create_session() as session:
        show_approval(session, question, person, datetime.now(UTC).isoformat())
