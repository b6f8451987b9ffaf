"""The wait for messages in the event queue, in the triggerer."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_codepipeline.dag.supervisor import in_thread
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from airflow_codepipeline.changes.delivery import Delivery
    from airflow_codepipeline.serving.dispatching import Queue

log = logging.getLogger(__name__)

TRIGGER = "airflow_codepipeline.serving.queue_trigger.QueueTrigger"
WAIT_SECONDS = 10
"""How long SQS holds one request: as long does the end of a triggerer wait for the thread that asks."""
PAUSE_SECONDS = 5
"""After SQS did not answer."""

# One that is always waiting would take a sixth of the threads that a triggerer on two cores has for all.
_waiting = ThreadPoolExecutor(1, thread_name_prefix="codepipeline-event-queue")


def open_queue(queue: str, connection_id: str | None) -> Queue:
    """Return the event queue: the AWS side is imported where a message is asked for, and not before.

    :raises ActionError: it cannot be found.
    """
    opened: Queue = import_module("airflow_codepipeline.aws.event_queue").EventQueue(queue, connection_id)
    return opened


class QueueTrigger(BaseTrigger):
    """Ends the wait of the dispatcher with the first messages that there are.

    The messages are not removed. If they do not come through to a worker the queue delivers them again.

    :param queue: the queue's URL or name.
    :param connection_id: the Airflow connection that it is reached through.
    """

    def __init__(self, *, queue: str, connection_id: str | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.queue = queue
        self.connection_id = connection_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow makes this trigger from again."""
        return TRIGGER, {"queue": self.queue, "connection_id": self.connection_id}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for messages."""
        received: list[Delivery] = []
        while not received:
            received = await self._ask()
        yield TriggerEvent([to_json_value(delivery) for delivery in received])  # type: ignore[no-untyped-call]

    async def _ask(self) -> list[Delivery]:
        try:
            return await in_thread(self._receive, executor=_waiting)
        except TransientError as error:
            log.warning("The event queue %s did not answer: %s", self.queue, error)
            await asyncio.sleep(PAUSE_SECONDS)
            return []

    def _receive(self) -> list[Delivery]:
        return open_queue(self.queue, self.connection_id).receive(wait=WAIT_SECONDS)
