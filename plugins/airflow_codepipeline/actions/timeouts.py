"""How long an action may take (CodePipeline user guide, quotas; codepipeline.md §4.12)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_codepipeline.definition.model import Action

DEFAULT = timedelta(hours=1)
_CUSTOM = timedelta(hours=24)
_TIMEOUTS = {
    "Approval/AWS/Manual": timedelta(days=7),
    "Build/AWS/CodeBuild": timedelta(hours=36),
    "Compute/AWS/Commands": timedelta(minutes=55),
    "Deploy/AWS/CloudFormation": timedelta(days=3),
    "Deploy/AWS/CodeDeploy": timedelta(days=5),
    "Deploy/AWS/CodeDeployToECS": timedelta(days=5),
    "Deploy/AWS/S3": timedelta(minutes=90),
    "Invoke/AWS/Lambda": timedelta(hours=24),
    "Invoke/AWS/StepFunctions": timedelta(days=7),
    "Test/AWS/CodeBuild": timedelta(hours=8),
}


def timeout_of(action: Action) -> timedelta:
    """Return how long an attempt at an action may take: what it declares, else its type's default.

    CodePipeline honours `timeoutInMinutes` for approvals alone; here every action may have one.
    """
    if action.timeout_in_minutes is not None:
        return timedelta(minutes=action.timeout_in_minutes)
    kind = action.action_type_id
    if kind.owner == "Custom":
        return _CUSTOM
    return _TIMEOUTS.get(f"{kind.category}/{kind.owner}/{kind.provider}", DEFAULT)
