"""Every text in which a reference to a variable is resolved, and every reference in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from airflow_codepipeline.definition.references import find_references

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import PlacedAction, PlacedRule, Survey
    from airflow_codepipeline.definition.findings import Path
    from airflow_codepipeline.definition.references import Reference

_AFTER_ALL = 1_000_000


class Text(NamedTuple):
    """A text that may hold references, and when it is resolved."""

    value: str
    path: Path
    order: tuple[int, int]


class Use(NamedTuple):
    """One reference, and when it is resolved."""

    reference: Reference
    path: Path
    order: tuple[int, int]


def rule_order(placed: PlacedRule) -> tuple[int, int]:
    """Return when a rule is evaluated: before the stage's first action, or after its last."""
    return placed.stage_index, 0 if placed.hook == "beforeEntry" else _AFTER_ALL


def texts(survey: Survey) -> Iterator[Text]:
    """Yield the texts of a pipeline that have `#{` in them, where references are resolved."""
    for placed in survey.actions:
        if not placed.is_source:
            yield from _action_texts(placed)
    for rule in survey.rules:
        order = rule_order(rule)
        for key, value in rule.rule.configuration.items():
            if "#{" in value:
                yield Text(value, (*rule.path, "configuration", key), order)
        for index, command in enumerate(rule.rule.commands):
            if "#{" in command:
                yield Text(command, (*rule.path, "commands", index), order)


def _action_texts(placed: PlacedAction) -> Iterator[Text]:
    action = placed.action
    for key, value in action.configuration.items():
        if "#{" in value:
            yield Text(value, (*placed.path, "configuration", key), placed.order)
    for index, command in enumerate(action.commands):
        if "#{" in command:
            yield Text(command, (*placed.path, "commands", index), placed.order)
    for index, variable in enumerate(action.environment_variables):
        if "#{" in variable.value:
            yield Text(variable.value, (*placed.path, "environmentVariables", index, "value"), placed.order)


def find_uses(survey: Survey) -> Iterator[Use]:
    """Yield every reference of a pipeline that is resolved."""
    for text in texts(survey):
        for reference in find_references(text.value):
            yield Use(reference, text.path, text.order)
