"""A message as a queue delivers it, and may deliver it again."""

from __future__ import annotations

from typing import Any

import msgspec


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery of a message (SQS API, Message).

    :param message_id: the same in every delivery.
    :param receipt: what this delivery is deleted with.
    :param sent: when the message came into the queue, milliseconds since 1970.
    """

    message_id: str
    body: str
    receipt: str
    sent: int = 0

    @classmethod
    def of(cls, message: dict[str, Any]) -> Delivery:
        """Read a message of ReceiveMessage."""
        return cls(
            message_id=message["MessageId"],
            body=message["Body"],
            receipt=message["ReceiptHandle"],
            sent=int(message.get("Attributes", {}).get("SentTimestamp", 0)),
        )
