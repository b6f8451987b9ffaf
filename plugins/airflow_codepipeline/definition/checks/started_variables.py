"""A pipeline that its sources start has a value for each of its variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.change_detection import is_polled, is_told
from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP235",
    severity="warning",
    what="A change of a source starts the pipeline, and a variable has no default: the start is refused.",
    right="A `defaultValue` for each variable, or no detection of changes, for a pipeline started by hand.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find variables without default of a pipeline that a change starts (codepipeline.md §5)."""
    sources = [placed.action for placed in survey.actions if placed.is_source]
    if not survey.pipeline.triggers and not any(is_polled(one) or is_told(one) for one in sources):
        return
    for index, variable in enumerate(survey.pipeline.variables):
        if variable.default_value is None:
            yield KIND.problem(
                f"Nobody gives the variable {variable.name} a value when a change starts the pipeline.",
                ("variables", index),
                suggestion="Add defaultValue, or switch PollForSourceChanges or DetectChanges off.",
            )
