"""The source actions whose commits GitHub or GitLab may be told about."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_codepipeline.definition.model import ActionTypeId, Pipeline

_KEYS = {
    "CodeStarSourceConnection": ("FullRepositoryId",),
    "GitHub": ("Owner", "Repo"),
    "Git": ("RepositoryUrl",),
}


def tells_commits(pipeline: Pipeline) -> bool:
    """Tell whether a source action of a pipeline wants the statuses of its commits written."""
    return any(action.airflow.commit_status for stage in pipeline.stages for action in stage.actions)


def repository_keys(type_id: ActionTypeId) -> tuple[str, ...]:
    """Return the configuration keys that say which repository a source takes; none where it takes none."""
    return _KEYS.get(type_id.provider, ()) if type_id.category == "Source" else ()
