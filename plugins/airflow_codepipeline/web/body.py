"""The body of a request, read as it comes and no further than it may go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.errors import CodePipelineError

if TYPE_CHECKING:
    from starlette.requests import Request


class BodyTooLargeError(CodePipelineError):
    """A request with more bytes than it may have."""


async def read_body(request: Request, largest: int) -> bytes:
    """Return the body of a request.

    :param largest: bytes.
    :raises BodyTooLargeError: it has more.
    :raises ClientDisconnect: it ended before its body did.
    """
    parts, size = [], _announced(request)
    if size <= largest:
        size = 0
        async for part in request.stream():
            size += len(part)
            if size > largest:
                break
            parts.append(part)
    if size > largest:
        raise BodyTooLargeError(f"A request has at most {largest} bytes here.")
    return b"".join(parts)


def _announced(request: Request) -> int:
    """Return how many bytes a request says to have."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0
