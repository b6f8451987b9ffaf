"""Source actions that are polled: what can be asked of their providers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from airflow_codepipeline.actions.registry import provider_for

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Aws
    from airflow_codepipeline.definition.model import Action


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


def polled_provider(action: Action) -> PolledProvider:
    """Return the provider of an action that is polled."""
    return cast("PolledProvider", provider_for(action.action_type_id))
