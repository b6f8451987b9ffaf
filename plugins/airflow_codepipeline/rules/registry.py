"""Which provider evaluates which rule. Named by import string: nothing is imported before a rule runs."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, cast

from airflow_codepipeline.definition.action_types.catalogue import rule_type
from airflow_codepipeline.definition.model import Action, ActionTypeId
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionProvider
    from airflow_codepipeline.definition.model import Rule

_ROOM = "airflow_codepipeline.rules"
RULES: dict[str, str] = {
    "CloudWatchAlarm": f"{_ROOM}.cloudwatch_alarm:CloudWatchAlarm",
    "CodeBuild": f"{_ROOM}.codebuild:CodeBuildRule",
    "Commands": f"{_ROOM}.commands:CommandsRule",
    "DeploymentWindow": f"{_ROOM}.deployment_window:DeploymentWindow",
    "LambdaInvoke": f"{_ROOM}.lambda_invoke:LambdaRule",
    "VariableCheck": f"{_ROOM}.variable_check:VariableCheck",
}
DEFAULT_TIMEOUT = timedelta(minutes=60)


def rule_provider(provider: str, *, on_failure: bool) -> ActionProvider:
    """Return the provider of a rule: its job succeeds where the rule does.

    :param provider: of the rule type: VariableCheck, CodeBuild …
    :param on_failure: whether the rule belongs to an onFailure condition, which is met by bad news.
    :raises ActionError: there is no such rule.
    """
    if provider not in RULES:
        known = ", ".join(sorted(RULES))
        raise ActionError("ConfigurationError", f"There is no rule {provider}. Known are {known}.")
    module, _, name = RULES[provider].partition(":")
    return cast("ActionProvider", getattr(import_module(module), name)(on_failure=on_failure))


def timeout_of(rule: Rule) -> timedelta:
    """Return how long a rule may take: what it declares, else its type's default."""
    if rule.timeout_in_minutes is not None:
        return timedelta(minutes=rule.timeout_in_minutes)
    known = rule_type(rule.rule_type_id)
    return timedelta(minutes=known.timeout_minutes) if known else DEFAULT_TIMEOUT


def action_of(rule: Rule) -> Action:
    """Return a rule as an action, which is what providers know."""
    return Action(
        name=rule.name,
        action_type_id=ActionTypeId(category="Test", provider=rule.rule_type_id.provider),
        configuration=rule.configuration,
        commands=rule.commands,
        input_artifacts=rule.input_artifacts,
        role_arn=rule.role_arn,
        region=rule.region,
        timeout_in_minutes=rule.timeout_in_minutes,
    )
