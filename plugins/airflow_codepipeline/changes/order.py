"""The order of changes: a queue gives messages in any.

EventBridge's times are whole seconds. Within one object S3's sequencer says more, and only there (S3 user
guide, "Event message structure").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_codepipeline.changes.change import Change, Nothing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_codepipeline.changes.delivery import Delivery
    from airflow_codepipeline.changes.request import StartRequest

_SEQUENCER_CHARACTERS = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A delivery, read."""

    delivery: Delivery
    content: Change | StartRequest | Nothing

    @property
    def time(self) -> datetime:
        """When it happened; of a request, when it came into the queue."""
        if isinstance(self.content, Change):
            return self.content.time
        return datetime.fromtimestamp(self.delivery.sent / 1000, UTC)

    def __str__(self) -> str:
        content = self.content
        return f"Message {self.delivery.message_id}" if isinstance(content, Nothing) else str(content)


def in_order(told: Iterable[Told]) -> list[Told]:
    """Return what was told by its time, and the changes of one object by their sequencers."""
    ordered = sorted(told, key=lambda one: one.time)
    places: dict[tuple[str, str], list[int]] = {}
    for place, one in enumerate(ordered):
        if isinstance(one.content, Change) and one.content.sequencer:
            places.setdefault((one.content.container, one.content.item), []).append(place)
    for same in places.values():
        sequence = sorted((ordered[place] for place in same), key=_sequencer)
        for place, one in zip(same, sequence, strict=True):
            ordered[place] = one
    return ordered


def _sequencer(one: Told) -> str:
    """Return what is compared: a shorter sequencer as if it had zeros at its end."""
    assert isinstance(one.content, Change)
    return one.content.sequencer.ljust(_SEQUENCER_CHARACTERS, "0")
