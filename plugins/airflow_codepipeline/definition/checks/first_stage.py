"""A pipeline starts with its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP203",
    severity="error",
    what="The first stage has an action that is no source.",
    right="Source actions only in the first stage; everything else later.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find actions of the first stage that are neither sources nor, as those have a check, approvals."""
    for placed in survey.actions:
        category = placed.action.action_type_id.category
        if placed.stage_index == 0 and category not in ("Source", "Approval"):
            yield KIND.problem(
                f"{shown(placed.action.name)} is of category {category}; the first stage has sources only.",
                (*placed.path, "actionTypeId", "category"),
                suggestion="Move it to a later stage.",
            )
