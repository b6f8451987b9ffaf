"""Which pipelines read a repository through an Airflow connection: `airflow: {git_conn_id: …}`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airflow_codepipeline.execution.start import source_actions
from airflow_codepipeline.service.known_declarations import KnownDeclarations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from airflow_codepipeline.changes.git_change import GitChange
    from airflow_codepipeline.definition.model import Action, Pipeline

_PROVIDER, _GIT = "CodeStarSourceConnection", "Git"


@dataclass(frozen=True, slots=True)
class Watched:
    """A pipeline, and those of its source actions that read through a connection."""

    pipeline: Pipeline
    actions: tuple[Action, ...]


def watched_through(session: Session, connection: str) -> list[Watched]:
    """Return the pipelines with sources that read through an Airflow connection."""
    found = []
    for pipeline in _known.pipelines(session):
        actions = [one for one in _sources(pipeline) if one.airflow.git_conn_id == connection]
        if actions:
            found.append(Watched(pipeline, tuple(actions)))
    return found


def reads(action: Action, change: GitChange) -> bool:
    """Tell whether a source action reads the repository of a change; names are told apart by their case."""
    if action.action_type_id.provider == _PROVIDER:
        return action.configuration.get("FullRepositoryId") == change.repository
    url = _plain(action.configuration.get("RepositoryUrl", ""))
    return url in {_plain(given) for given in change.urls}


def repository_of(action: Action) -> str:
    """Return what a source action's configuration calls its repository."""
    return action.configuration.get("FullRepositoryId") or action.configuration.get("RepositoryUrl", "")


def _sources(pipeline: Pipeline) -> Iterator[Action]:
    for action in source_actions(pipeline).values():
        if action.action_type_id.provider in {_PROVIDER, _GIT} and action.airflow.git_conn_id:
            yield action


_known = KnownDeclarations(lambda pipeline: any(_sources(pipeline)))


def _plain(url: str) -> str:
    """Return an address without what does not tell repositories apart."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return f"{(parts.hostname or '').lower()}{parts.path.rstrip('/').removesuffix('.git')}"
