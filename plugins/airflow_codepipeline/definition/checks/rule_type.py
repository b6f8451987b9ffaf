"""The rule type exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.action_types.catalogue import action_types, rule_type
from airflow_codepipeline.definition.findings import Kind
from airflow_codepipeline.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP707",
    severity="error",
    what="No rule type of AWS has that provider and version.",
    right="CloudWatchAlarm, CodeBuild, Commands, DeploymentWindow, LambdaInvoke or VariableCheck, version 1.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find rules whose type is not in the catalogue."""
    known = [known.provider for known in action_types() if known.category == "Rule"]
    for placed in survey.rules:
        type_id = placed.rule.rule_type_id
        if rule_type(type_id) is None:
            path = (*placed.path, "ruleTypeId", "version" if type_id.provider in known else "provider")
            message = f"There is no rule type Rule/AWS/{type_id.provider}/{type_id.version or '1'}."
            yield KIND.problem(message, path, suggestion=did_you_mean(type_id.provider, known))
