"""Which source actions start their pipeline by themselves when their source changes.

Source: CodePipeline user guide, "Change detection methods"; codepipeline.md §2.1. What has neither key is
started by a rule of EventBridge, which the definition does not know. A git remote of one's own
(Source/Custom/Git) is polled, as CodePipeline does with those that it polls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_codepipeline.definition.model import Action

POLLS = "PollForSourceChanges"
DETECTS = "DetectChanges"
_POLLED = frozenset(
    {"Source/AWS/S3/1", "Source/AWS/CodeCommit/1", "Source/ThirdParty/GitHub/1", "Source/Custom/Git/1"}
)
_CONNECTED = "Source/AWS/CodeStarSourceConnection/1"


def is_polled(action: Action) -> bool:
    """Tell whether a source action is polled: it is unless it says otherwise."""
    return str(action.action_type_id) in _POLLED and not says_false(action, POLLS)


def is_told(action: Action) -> bool:
    """Tell whether a connection tells a source action of pushes: it does unless the action says otherwise."""
    return str(action.action_type_id) == _CONNECTED and not says_false(action, DETECTS)


def says_false(action: Action, key: str) -> bool:
    """Tell whether the configuration switches POLLS or DETECTS off."""
    return action.configuration.get(key, "").strip().lower() == "false"
