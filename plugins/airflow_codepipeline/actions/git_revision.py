"""Which commit an execution takes: its override, else what was current then, else what is current now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.actions.git_remote import check_commit
from airflow_codepipeline.actions.settings import misconfigured

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext
    from airflow_codepipeline.actions.git_repository import GitRepository

_COMMIT_ID = "COMMIT_ID"


def overridden(context: ActionContext) -> str | None:
    """Return the commit that the execution was started with, of whatever branch, or none.

    :raises ActionError: what it was started with is no commit.
    """
    for revision in context.source_revisions:
        if revision.type != _COMMIT_ID:
            raise misconfigured(context, f"it takes revisions of type {_COMMIT_ID}, not {revision.type}.")
        return check_commit(revision.value)
    return None


def settle(context: ActionContext, repository: GitRepository, branch: str) -> str:
    """Return the commit that this execution takes.

    :raises ActionError: there is none.
    """
    commit = overridden(context)
    if commit is not None:
        return commit
    if context.as_of is not None:
        return repository.at(branch, context.as_of)
    return repository.head(branch)
