"""What is configured: actions and rules alike, with what the catalogue knows of their type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.action_types.catalogue import action_type, rule_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.action_types.catalogue import ActionType
    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path


def find_configured(survey: Survey) -> Iterator[tuple[Path, dict[str, str], ActionType]]:
    """Yield the path, the configuration and the type of each action and rule whose type is known."""
    for placed in survey.actions:
        known = action_type(placed.action.action_type_id)
        if known is not None:
            yield placed.path, placed.action.configuration, known
    for rule in survey.rules:
        known = rule_type(rule.rule.rule_type_id)
        if known is not None:
            yield rule.path, rule.rule.configuration, known


def unknown_keys(configuration: dict[str, str], known: ActionType) -> list[str]:
    """Return the keys that the type does not have; none for types whose provider defines the keys."""
    if known.any_key:
        return []
    return [key for key in configuration if key not in known.configuration]
