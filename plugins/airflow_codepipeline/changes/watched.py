"""What pipelines take that EventBridge tells of: the other side of `matching`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_codepipeline.changes.matching import taken
from airflow_codepipeline.execution.start import source_actions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_codepipeline.definition.model import Pipeline


@dataclass(frozen=True, order=True, slots=True)
class Source:
    """One thing that is watched, however many pipelines take it.

    :param provider: S3, CodeCommit or ECR.
    :param container: the bucket or the repository.
    :param item: the key, the branch or the tag.
    """

    provider: str
    container: str
    item: str


def watched_sources(pipelines: Iterable[Pipeline]) -> list[Source]:
    """Return everything that source actions take of S3, CodeCommit and ECR, each once, in order."""
    found = {
        Source(*source)
        for pipeline in pipelines
        for action in source_actions(pipeline).values()
        if (source := taken(action)) is not None
    }
    return sorted(found)
