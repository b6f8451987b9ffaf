"""Runs of the DAGs that serve all pipelines, created within the transaction of what they follow from."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)


def run_exists(session: Session, dag_id: str, run_id: str) -> bool:
    """Tell whether a DAG has a run."""
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    exists = select(DagRun.id).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
    return session.scalar(exists) is not None


def create_run(session: Session, dag_id: str, run_id: str, conf: Mapping[str, Any], *, without: str) -> Any:
    """Create a run; return it, or none where Airflow does not know the DAG.

    :param without: what does not happen then, for the log.
    """
    from airflow.models.dagbag import DBDagBag
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    dag: Any = DBDagBag(load_op_links=False).get_latest_version_of_dag(dag_id, session=session)
    if dag is None:
        log.warning("%s: Airflow has no DAG %s yet", without, dag_id)
        return None
    # Without a date no other run can be of the same.
    return dag.create_dagrun(
        run_id=run_id,
        logical_date=None,
        run_after=datetime.now(UTC),
        conf=dict(conf),
        run_type=DagRunType.MANUAL,
        triggered_by=DagRunTriggeredByType.REST_API,
        state=DagRunState.QUEUED,
        session=session,
    )
