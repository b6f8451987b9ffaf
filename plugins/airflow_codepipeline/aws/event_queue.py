"""The SQS queue that EventBridge writes into."""

from __future__ import annotations

import re
from typing import Any

from airflow_codepipeline.actions.base import AwsIdentity
from airflow_codepipeline.aws.clients import CLIENTS
from airflow_codepipeline.changes.delivery import Delivery
from airflow_codepipeline.errors import ActionError
from airflow_codepipeline.settings import environment_region

_AT_ONCE = 10
"""How many messages SQS gives at most."""
_HOST = re.compile(r"https?://(?:sqs\.(?P<new>[a-z]{2}-[\w-]+-\d)|(?P<old>[a-z]{2}-[\w-]+-\d)\.queue)\.")


class EventQueue:
    """One queue.

    :param queue: its URL, or its name.
    :param connection_id: the Airflow connection it is reached through; none: the environment's credentials.
    :raises ActionError: nothing says its region.
    """

    def __init__(self, queue: str, connection_id: str | None = None) -> None:
        region = _region(queue)
        identity = AwsIdentity(region=region, connection_id=connection_id)
        self._client = CLIENTS.get(identity, "", "sqs", region)
        self._url = queue if "/" in queue else self._client.get_queue_url(QueueName=queue)["QueueUrl"]

    def receive(self, *, wait: int) -> list[Delivery]:
        """Return some messages, at most ten; nobody else gets them until the queue's visibility timeout.

        :param wait: for how many seconds at most, if there is none.
        :raises ActionError: the queue cannot be read.
        """
        answer: dict[str, Any] = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=_AT_ONCE,
            WaitTimeSeconds=wait,
            AttributeNames=["SentTimestamp"],
        )
        return [Delivery.of(message) for message in answer.get("Messages", ())]

    def delete(self, delivery: Delivery) -> None:
        """Remove a message for good.

        :raises ActionError: SQS refused.
        """
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=delivery.receipt)


def _region(queue: str) -> str:
    match = _HOST.match(queue)
    named = (match["new"] or match["old"]) if match else None
    region = named or environment_region()
    if not region:
        raise ActionError(
            "ConfigurationError",
            f"The region of the queue {queue} is not known. Give its URL in event_queue, or set the "
            "environment variable AWS_DEFAULT_REGION.",
        )
    return region
