"""The action type exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.action_types.catalogue import action_type, action_types
from airflow_codepipeline.definition.findings import Kind
from airflow_codepipeline.definition.suggest import did_you_mean, listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.action_types.catalogue import ActionType
    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem
    from airflow_codepipeline.definition.model import ActionTypeId

KIND = Kind(
    id="CP301",
    severity="error",
    what="No action type of AWS has that category, provider and version.",
    right='An action type of the user guide\'s "Action structure reference".',
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find AWS's actions whose type is not in the catalogue."""
    for placed in survey.actions:
        type_id = placed.action.action_type_id
        if type_id.owner != "AWS" or action_type(type_id) is not None:
            continue
        key = _wrong_key(type_id)
        yield KIND.problem(
            f"There is no action type {type_id}.",
            (*placed.path, "actionTypeId", key),
            suggestion=_suggestion(type_id),
            allowed=tuple(dict.fromkeys(getattr(known, key) for known in _alike(type_id, key))),
        )


def _alike(type_id: ActionTypeId, wrong_key: str) -> Iterator[ActionType]:
    """Yield the action types that may have been meant."""
    key = "category" if wrong_key == "provider" else "provider"
    return (known for known in action_types() if getattr(known, key) == getattr(type_id, key))


def _wrong_key(type_id: ActionTypeId) -> str:
    same = [known for known in action_types() if known.provider == type_id.provider]
    if not same:
        return "provider"
    if all(known.category != type_id.category for known in same):
        return "category"
    return "owner" if all(known.owner != type_id.owner for known in same) else "version"


def _suggestion(type_id: ActionTypeId) -> str:
    same = [known for known in action_types() if known.provider == type_id.provider]
    if same:
        known_ids = (f"{known.category}/{known.owner}/{known.provider}/{known.version}" for known in same)
        return f"{type_id.provider} is {listing(known_ids)}."
    providers = [known.provider for known in action_types() if known.category == type_id.category]
    return did_you_mean(type_id.provider, providers)
