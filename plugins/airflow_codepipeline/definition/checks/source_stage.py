"""Sources stand in the first stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP204",
    severity="error",
    what="A source action stands in a later stage.",
    right="Source actions only in the first stage.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find source actions outside the first stage."""
    for placed in survey.actions:
        if placed.stage_index > 0 and placed.is_source:
            yield KIND.problem(
                f"The source action {shown(placed.action.name)} stands in stage {shown(placed.stage.name)}.",
                (*placed.path, "actionTypeId", "category"),
                suggestion="Move it to the first stage.",
            )
