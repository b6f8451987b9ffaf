"""A time limit leaves time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

KIND = Kind(
    id="CP222",
    severity="error",
    what="A time limit is not positive.",
    right="Minutes, from 5 to 86400; without the key the action type's own limit applies.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find time limits of actions and rules that would end them before they start."""
    limits: list[tuple[int | None, Path]] = [
        (placed.action.timeout_in_minutes, placed.path) for placed in survey.actions
    ]
    limits += [(placed.rule.timeout_in_minutes, placed.path) for placed in survey.rules]
    for minutes, path in limits:
        if minutes is not None and minutes <= 0:
            message = f"The time limit is {minutes} minutes."
            yield KIND.problem(message, (*path, "timeoutInMinutes"), suggestion=KIND.right)
