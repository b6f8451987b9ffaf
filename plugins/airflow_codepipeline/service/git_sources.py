"""Which pipelines read a repository through an Airflow connection: `airflow: {git_conn_id: …}` of a source.

A push must not cost the reading of a thousand declarations: each is kept while its DAG's hash is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_codepipeline.dag.declared import TAG
from airflow_codepipeline.execution.start import source_actions
from airflow_codepipeline.service.pipelines import declaration_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy.orm import Session

    from airflow_codepipeline.changes.git_change import GitChange
    from airflow_codepipeline.definition.model import Action, Pipeline

_AT_ONCE = 100
_PROVIDER, _GIT = "CodeStarSourceConnection", "Git"
_known: dict[tuple[str, str], Pipeline | None] = {}
"""The pipelines with a connection of Airflow's, by their DAG's id and hash; none: it has no such source."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A pipeline, and those of its source actions that read through a connection."""

    pipeline: Pipeline
    actions: tuple[Action, ...]


def watched_through(session: Session, connection: str) -> list[Watched]:
    """Return the pipelines with sources that read through an Airflow connection."""
    found = []
    for pipeline in _pipelines(session):
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


def _pipelines(session: Session) -> list[Pipeline]:
    global _known  # noqa: PLW0603 - one for the process, replaced as a whole
    latest = {(dag_id, dag_hash): row for dag_id, dag_hash, row in _latest(session)}
    known, new = dict(_known), [key for key in latest if key not in _known]
    known |= dict.fromkeys(new) | dict(_read(session, {latest[key]: key for key in new}))
    _known = {key: known[key] for key in latest}
    return [pipeline for pipeline in _known.values() if pipeline is not None]


def _latest(session: Session) -> Iterable[Any]:
    """Return id, hash and row of the newest serialised DAG of each pipeline."""
    from airflow.models.dag import DagModel, DagTag
    from airflow.models.dag_version import DagVersion
    from airflow.models.serialized_dag import SerializedDagModel
    from sqlalchemy import func, select

    newest = (
        select(DagVersion.dag_id, func.max(DagVersion.version_number).label("number"))
        .group_by(DagVersion.dag_id)
        .subquery()
    )
    return session.execute(
        select(SerializedDagModel.dag_id, SerializedDagModel.dag_hash, SerializedDagModel.id)
        .join(DagVersion, DagVersion.id == SerializedDagModel.dag_version_id)
        .join(newest, (newest.c.dag_id == DagVersion.dag_id) & (newest.c.number == DagVersion.version_number))
        .join(DagModel, DagModel.dag_id == SerializedDagModel.dag_id)
        .join(DagTag, DagTag.dag_id == SerializedDagModel.dag_id)
        .where(DagTag.name == TAG, DagModel.is_stale.is_(False))
    )


def _read(
    session: Session, keys: dict[Any, tuple[str, str]]
) -> Iterator[tuple[tuple[str, str], Pipeline | None]]:
    """Yield the pipelines of rows, some at a time: a database takes so many parameters and no more."""
    from airflow.models.serialized_dag import SerializedDagModel
    from sqlalchemy import select

    rows = list(keys)
    for first in range(0, len(rows), _AT_ONCE):
        wanted = SerializedDagModel.id.in_(rows[first : first + _AT_ONCE])
        for row in session.scalars(select(SerializedDagModel).where(wanted)):
            pipeline = declaration_in(row.data)
            yield keys[row.id], pipeline if pipeline and any(_sources(pipeline)) else None


def _plain(url: str) -> str:
    """Return an address without what does not tell repositories apart."""
    parts = urlsplit(url)
    return f"{(parts.hostname or '').lower()}{parts.path.rstrip('/').removesuffix('.git')}"
