"""The text of a message: an event as EventBridge sends it, or a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from airflow_codepipeline.changes.aws_events import Event, read_event
from airflow_codepipeline.changes.change import UnreadableMessageError, read_as
from airflow_codepipeline.changes.request import StartRequest

if TYPE_CHECKING:
    from airflow_codepipeline.changes.change import Change, Nothing

_RIGHT = (
    "Expected is an event of EventBridge, whole, or a request: "
    '{"name": "<pipeline>", "variables": […], "sourceRevisions": […], "clientRequestToken": "…"}'
)


def read_message(text: str | bytes) -> Change | StartRequest | Nothing:
    """Return what a message says.

    :raises UnreadableMessageError: it is neither an event of a source nor a request.
    """
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableMessageError(f"The message is not JSON: {error}. {_RIGHT}.") from error
    if not isinstance(data, dict):
        raise UnreadableMessageError(f"The message is no JSON object. {_RIGHT}.")
    if "detail-type" in data:
        return read_event(read_as(Event, data, "The event"))
    return read_as(StartRequest, data, f"{_RIGHT}. As a request this")
