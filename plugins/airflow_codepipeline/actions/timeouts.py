"""How long an action may take (CodePipeline user guide, quotas; codepipeline.md §4.12)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_codepipeline.definition.action_types.catalogue import action_type

if TYPE_CHECKING:
    from airflow_codepipeline.definition.model import Action

DEFAULT = timedelta(hours=1)
CUSTOM = timedelta(hours=24)


def timeout_of(action: Action) -> timedelta:
    """Return how long an attempt at an action may take: what it declares, else its type's default.

    CodePipeline honours `timeoutInMinutes` for approvals alone; here every action may have one.
    """
    if action.timeout_in_minutes is not None:
        return timedelta(minutes=action.timeout_in_minutes)
    known = action_type(action.action_type_id)
    if known is not None:
        return timedelta(minutes=known.timeout_minutes)
    return CUSTOM if action.action_type_id.owner == "Custom" else DEFAULT
