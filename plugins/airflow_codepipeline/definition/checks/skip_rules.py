"""SKIP is decided by rules that can decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP703",
    severity="error",
    what="A condition with the result SKIP has another rule than LambdaInvoke or VariableCheck.",
    right="LambdaInvoke and VariableCheck rules only.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find rules that cannot skip a stage."""
    for placed in survey.conditions:
        if placed.condition.result != "SKIP":
            continue
        for index, rule in enumerate(placed.condition.rules):
            provider = rule.rule_type_id.provider
            if provider not in ("LambdaInvoke", "VariableCheck"):
                path = (*placed.path, "rules", index, "ruleTypeId", "provider")
                yield KIND.problem(f"{provider} cannot skip a stage.", path, suggestion=KIND.right)
