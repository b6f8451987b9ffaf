"""What everybody who is told of executions has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_codepipeline.errors import ActionError
    from airflow_codepipeline.events.report import Message


class Delivery(NamedTuple):
    """What became of messages.

    :param undelivered: those that are still to be delivered, in their order.
    :param error: why the first of them was not; none where there is none.
    """

    undelivered: list[Message]
    error: ActionError | None = None


class Sink(Protocol):
    """Who is told. It may be told the same twice: after a crash nobody knows what was delivered."""

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        """Deliver what can be delivered now; it may take a minute."""
