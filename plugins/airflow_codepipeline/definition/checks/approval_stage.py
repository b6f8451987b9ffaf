"""Approvals come after the sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP209",
    severity="error",
    what="An approval action stands in the first stage.",
    right="Approvals in any later stage.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find approvals in the source stage."""
    for placed in survey.actions:
        if placed.stage_index == 0 and placed.action.action_type_id.category == "Approval":
            yield KIND.problem(
                f"The approval {shown(placed.action.name)} stands in the source stage.",
                (*placed.path, "actionTypeId", "category"),
                suggestion="Move it to a later stage.",
            )
