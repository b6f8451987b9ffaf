"""The declarations of all pipelines that Airflow has, for messages that concern nobody in particular.

A message must not cost the reading of a thousand serialised DAGs: each is kept while its hash is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.dag.declared import TAG
from airflow_codepipeline.service.pipelines import declaration_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session

    from airflow_codepipeline.definition.model import Pipeline

_AT_ONCE = 100
"""Rows of one query: a database takes so many parameters and no more."""


class KnownDeclarations:
    """The pipelines of one kind.

    :param wanted: tells which are worth keeping.
    """

    def __init__(self, wanted: Callable[[Pipeline], bool]) -> None:
        self._wanted = wanted
        self._known: dict[tuple[str, str], Pipeline | None] = {}

    def pipelines(self, session: Session) -> list[Pipeline]:
        """Return them as they are now."""
        latest = {(dag_id, dag_hash): row for dag_id, dag_hash, row in _latest(session)}
        known = {key: self._known[key] for key in latest if key in self._known}
        new = {row: key for key, row in latest.items() if key not in known}
        for row, pipeline in _read(session, list(new)):
            known[new[row]] = pipeline if pipeline and self._wanted(pipeline) else None
        self._known = known
        return [pipeline for pipeline in known.values() if pipeline is not None]


def _latest(session: Session) -> Iterator[Any]:
    """Return the id, the hash and the row of the newest serialised DAG of each pipeline."""
    from airflow.models.dag import DagModel, DagTag
    from airflow.models.dag_version import DagVersion
    from airflow.models.serialized_dag import SerializedDagModel
    from sqlalchemy import func, select

    newest = (
        select(DagVersion.dag_id, func.max(DagVersion.version_number).label("number"))
        .group_by(DagVersion.dag_id)
        .subquery()
    )
    return iter(
        session.execute(
            select(SerializedDagModel.dag_id, SerializedDagModel.dag_hash, SerializedDagModel.id)
            .join(DagVersion, DagVersion.id == SerializedDagModel.dag_version_id)
            .join(
                newest,
                (newest.c.dag_id == DagVersion.dag_id) & (newest.c.number == DagVersion.version_number),
            )
            .join(DagModel, DagModel.dag_id == SerializedDagModel.dag_id)
            .join(DagTag, DagTag.dag_id == SerializedDagModel.dag_id)
            .where(DagTag.name == TAG, DagModel.is_stale.is_(False))
        )
    )


def _read(session: Session, rows: list[Any]) -> Iterator[tuple[Any, Pipeline | None]]:
    from airflow.models.serialized_dag import SerializedDagModel
    from sqlalchemy import select

    for first in range(0, len(rows), _AT_ONCE):
        wanted = SerializedDagModel.id.in_(rows[first : first + _AT_ONCE])
        for row in session.scalars(select(SerializedDagModel).where(wanted)):
            yield row.id, declaration_in(row.data)
