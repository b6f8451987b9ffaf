"""Notification rules name event types that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown
from airflow_codepipeline.definition.notification_events import EVENT_TYPES, PREFIX
from airflow_codepipeline.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP801",
    severity="error",
    what="A notification rule names no event type, or one that pipelines do not have.",
    right="Event types such as `codepipeline-pipeline-pipeline-execution-failed`.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find event types that would never notify anybody."""
    for number, rule in enumerate(survey.pipeline.airflow.notifications):
        path = ("airflow", "notifications", number, "events")
        if not rule.events:
            yield KIND.problem("The rule names no event type.", path, suggestion=KIND.right)
        for index, event in enumerate(rule.events):
            if event not in EVENT_TYPES:
                yield KIND.problem(
                    f"{shown(event)} is no event type of a pipeline.",
                    (*path, index),
                    suggestion=_suggestion(event),
                )


def _suggestion(event: str) -> str:
    """Return what was meant: many leave the resource's prefix out."""
    if f"{PREFIX}{event}" in EVENT_TYPES:
        return f"Did you mean '{PREFIX}{event}'?"
    return did_you_mean(event, EVENT_TYPES)
