"""A Commands action has commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP311",
    severity="error",
    what="A Commands action or rule has no commands.",
    right="`commands`, a list of single-line shell commands.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find Commands actions and rules without commands."""
    for placed in survey.actions:
        type_id = placed.action.action_type_id
        if type_id.provider == "Commands" and type_id.category == "Compute" and not placed.action.commands:
            yield KIND.problem(
                f"{shown(placed.action.name)} has no commands.", placed.path, suggestion=KIND.right
            )
    for rule in survey.rules:
        if rule.rule.rule_type_id.provider == "Commands" and not rule.rule.commands:
            yield KIND.problem(f"{shown(rule.rule.name)} has no commands.", rule.path, suggestion=KIND.right)
