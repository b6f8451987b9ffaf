"""What an execution's page says of the revisions that it took, where they are not simply the current ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.execution.revision import BACKFILL, SCHEDULED, revision_note
from airflow_codepipeline.execution.start import SOURCE_REVISIONS
from airflow_codepipeline.service.evidence import read_evidence
from airflow_codepipeline.service.read_executions import source_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from airflow_codepipeline.service.snapshot import ExecutionSnapshot


def revisions_taken(session: Session, execution: ExecutionSnapshot) -> str | None:
    """Return which revisions an execution took and why; none where it took what was current."""
    run = execution.run
    if run.run_type not in {BACKFILL, SCHEDULED} and SOURCE_REVISIONS not in run.conf:
        return None
    took = list(_took(session, execution))
    return revision_note(took) if any(reason for _, _, reason in took) else None


def _took(session: Session, execution: ExecutionSnapshot) -> Iterator[tuple[str, str, str | None]]:
    pipeline, run_id = execution.pipeline, execution.run.run_id
    tasks = source_tasks(pipeline.declaration)
    evidence = read_evidence(session, pipeline.dag_id, [run_id], tasks.values())
    for action, task_id in tasks.items():
        result = evidence.result(run_id, task_id)
        if result is not None and result.external_execution_id is not None:
            yield action, result.external_execution_id, result.revision_reason
