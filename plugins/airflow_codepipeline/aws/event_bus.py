"""Events to EventBridge (PutEvents)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.actions.base import AwsIdentity
from airflow_codepipeline.aws.clients import CLIENTS
from airflow_codepipeline.aws.pipeline_arn import pipeline_arn
from airflow_codepipeline.errors import ActionError, TransientError
from airflow_codepipeline.sinks.base import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from airflow_codepipeline.events.report import Message
    from airflow_codepipeline.events.subject import Subject

MOST_ENTRIES = 10
MOST_BYTES = 256 * 1024
"""Of one call (EventBridge API, PutEvents; its size is reckoned as the user guide says)."""
_TIME_BYTES = 14
_TRANSIENT = frozenset({"ThrottlingException", "InternalFailure", "InternalException"})


class EventBus:
    """`sinks.base.Sink` for an event bus. It is told under the pipeline's connection, without its role.

    :param bus: the bus's name or ARN.
    :param source: the events' source.
    """

    def __init__(
        self, subject: Subject, *, region: str, connection_id: str | None, bus: str, source: str
    ) -> None:
        self._subject = subject
        self._identity = AwsIdentity(region=region, connection_id=connection_id)
        self._bus = bus
        self._source = source

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        """Put events on the bus, in their order; those that it does not take remain."""
        undelivered: list[Message] = []
        for first, batch in self._batches(messages):
            try:
                refused, error = self._put(batch)
            except ActionError as failure:
                return Delivery([*undelivered, *messages[first:]], failure)
            undelivered += refused
            if error is not None:
                return Delivery([*undelivered, *messages[first + len(batch) :]], error)
        return Delivery(undelivered)

    def _put(self, batch: Sequence[Message]) -> tuple[list[Message], ActionError | None]:
        region = self._bus.split(":")[3] if self._bus.startswith("arn:") else self._identity.region
        client = CLIENTS.get(self._identity, self._subject.execution_id, "events", region)
        answers = client.put_events(Entries=[self._entry(message) for message in batch])["Entries"]
        refused = [
            (message, answer)
            for message, answer in zip(batch, answers, strict=True)
            if answer.get("ErrorCode")
        ]
        if not refused:
            return [], None
        code, text = refused[0][1]["ErrorCode"], refused[0][1].get("ErrorMessage", "")
        kind = TransientError if code in _TRANSIENT else ActionError
        return [message for message, _ in refused], kind(code, f"PutEvents: {text}")

    def _entry(self, message: Message) -> dict[str, Any]:
        return {
            "Time": datetime.fromisoformat(message["at"]),
            "Source": self._source,
            "Resources": [pipeline_arn(self._subject, self._identity)],
            "DetailType": message["type"],
            "Detail": json.dumps(message["detail"]),
            "EventBusName": self._bus,
        }

    def _batches(self, messages: Sequence[Message]) -> Iterator[tuple[int, Sequence[Message]]]:
        """Yield messages that go into one call, and the number of the first."""
        first = total = 0
        for number, message in enumerate(messages):
            size = self._size(message)
            if number > first and (number - first == MOST_ENTRIES or total + size > MOST_BYTES):
                yield first, messages[first:number]
                first, total = number, 0
            total += size
        if first < len(messages):
            yield first, messages[first:]

    def _size(self, message: Message) -> int:
        entry = self._entry(message)
        texts = (entry["Source"], entry["DetailType"], entry["Detail"], *entry["Resources"])
        return _TIME_BYTES + sum(len(text.encode()) for text in texts)
