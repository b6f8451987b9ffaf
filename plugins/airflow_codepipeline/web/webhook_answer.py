"""What messages of strangers share: what is taken from whom, what is answered, what of it is logged."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from airflow_codepipeline.errors import CodePipelineError
from airflow_codepipeline.web.body import BodyTooLargeError, read_body

if TYPE_CHECKING:
    from starlette.requests import Request

    from airflow_codepipeline.service.webhook_start import Started

log = logging.getLogger(__name__)

LARGEST_BODY = 25 * 1024 * 1024
"""Bytes of a message: GitHub drops those that would be larger, and the others' never come near it."""
_SHOWN = 100


class MessageRefusedError(CodePipelineError):
    """A message that is not taken.

    :param status: of HTTP.
    :param why: for the sender and for the log.
    """

    def __init__(self, status: int, why: str) -> None:
        self.status = status
        super().__init__(why)


async def sent_body(request: Request, largest: int | None = None) -> bytes:
    """Return the body of a message.

    :param largest: bytes; none: what a webhook's message may have.
    :raises MessageRefusedError: it is too large.
    """
    try:
        return await read_body(request, LARGEST_BODY if largest is None else largest)
    except BodyTooLargeError as error:
        raise MessageRefusedError(413, str(error)) from error


def check_method(request: Request) -> None:
    """Check that something is sent at all.

    :raises MessageRefusedError: it is not.
    """
    if request.method != "POST":
        raise MessageRefusedError(405, "Messages are sent by POST.")


def refused(request: Request, refusal: MessageRefusedError, **told: str) -> JSONResponse:
    """Answer a message that is not taken, and log who sent it.

    :param told: what else the log has; never a secret.
    """
    more = ", ".join(f"{name} {value[:_SHOWN]!r}" for name, value in told.items())
    log.warning("A message from %s (%s) is refused: %s", address_of(request), more, refusal)
    return JSONResponse({"error": str(refusal)}, refusal.status)


def ignored(delivery: str, why: str) -> JSONResponse:
    """Answer a message that starts nothing."""
    return JSONResponse({"delivery": delivery, "executions": [], "notStarted": [], "ignored": why})


def answered(delivery: str, started: Started) -> JSONResponse:
    """Answer a message with what it started.

    Where that failed for a reason that passes, the status makes its sender see it, and send it again.
    """
    status = 502 if started.unanswered else 503 if started.postponed else 200
    log.info("Message %r: %s", delivery[:_SHOWN], started)
    content = {"delivery": delivery, "executions": started.executions, "notStarted": started.not_started}
    return JSONResponse(content, status)


def address_of(request: Request) -> str:
    """Return where a request comes from, as the API server sees it."""
    return request.client.host if request.client else "nowhere"
