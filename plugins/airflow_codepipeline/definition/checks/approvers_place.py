"""Approvers stand on approvals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP230",
    severity="error",
    what="`airflow.approvers` stands on an action that is no approval: nobody would be asked.",
    right="`approvers` on an approval action, or on the pipeline, for all its approvals.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find approvers that nothing asks."""
    for placed in survey.actions:
        category = placed.action.action_type_id.category
        if placed.action.airflow.approvers is not None and category != "Approval":
            yield KIND.problem(
                f"{shown(placed.action.name)} is a {category} action and asks nobody.",
                (*placed.path, "airflow", "approvers"),
                suggestion="Move it to an approval action in front of this one.",
            )
