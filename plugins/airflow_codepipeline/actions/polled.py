"""Source actions that are polled: PollForSourceChanges is true unless it says otherwise.

Source: CodePipeline user guide, "Change detection methods"; codepipeline.md §2.1. ECR and connections are
never polled; a git remote of one's own (Source/Custom/Git) is, as CodePipeline does with those that it polls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from airflow_codepipeline.actions.registry import provider_for

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Aws
    from airflow_codepipeline.definition.model import Action

KEY = "PollForSourceChanges"
_TYPES = frozenset(
    {"Source/AWS/S3/1", "Source/AWS/CodeCommit/1", "Source/ThirdParty/GitHub/1", "Source/Custom/Git/1"}
)


class PolledProvider(Protocol):
    """A provider of a source that can be asked for what is current."""

    def place(self, context: ActionContext) -> str:
        """Return where the revisions are, as people write it: it is the same for the same source.

        :raises ActionError: the configuration cannot work.
        """

    def current(self, aws: Aws) -> str:
        """Return the revision that is current, with one call.

        :raises ActionError: there is none, or it cannot be read.
        """


def is_polled(action: Action) -> bool:
    """Tell whether a source action is polled."""
    if str(action.action_type_id) not in _TYPES:
        return False
    return action.configuration.get(KEY, "").strip().lower() != "false"


def polled_provider(action: Action) -> PolledProvider:
    """Return the provider of an action that is polled."""
    return cast("PolledProvider", provider_for(action.action_type_id))
