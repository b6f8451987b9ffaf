"""What an event bus is told: every change of state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.events.detail import detail_type, event_detail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from airflow_codepipeline.events.change import Change
    from airflow_codepipeline.events.report import Message, Report
    from airflow_codepipeline.events.subject import Subject


def event_messages(
    subject: Subject,
    change: Change,
    report: Report,
    question: Mapping[str, Any],  # noqa: ARG001 - the same for every sink
) -> Iterator[Message]:
    """Yield the event that a change is."""
    if not change.asked:
        detail = event_detail(subject, change, report.outcomes)
        yield {"type": detail_type(change), "at": change.at, "detail": detail}
