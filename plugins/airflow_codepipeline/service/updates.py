"""Executions whose definition changed while their last actions ran: nothing was left that could notice.

Where bundles have no versions a run takes what its DAG is now. Where stages were removed it ends well, with
less than it began with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.execution import records
from airflow_codepipeline.execution.status import PipelineExecutionStatus
from airflow_codepipeline.service.acting import leave_mark

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from airflow_codepipeline.service.pipelines import DeclaredPipeline
    from airflow_codepipeline.service.snapshot import ExecutionSnapshot


def is_outdated(execution: ExecutionSnapshot, latest: DeclaredPipeline) -> bool:
    """Tell whether an execution cannot go on, since its definition is another by now and was not kept.

    :param latest: the pipeline as it is now.
    """
    return execution.run.bundle_version is None and not _began_with(execution) <= {latest.definition}


def cancel_if_updated(session: Session, execution: ExecutionSnapshot) -> bool:
    """Mark an execution that has ended well as cancelled where its definition is another by now.

    Source: CodePipeline user guide, "Edit a pipeline": the actions in progress end, then the execution is
    cancelled.

    :param execution: as it is in the moment of its end: later its pipeline may be updated freely.
    """
    began_with = _began_with(execution)
    outdated = is_outdated(execution, execution.pipeline)
    if not outdated or execution.status() is not PipelineExecutionStatus.SUCCEEDED:
        return False
    stage = next((stage.name for stage in reversed(execution.stages()) if stage.enter == "success"), None)
    if stage is None:
        return False
    reason = (
        f"The definition of {execution.pipeline.declaration.name} changed while this execution was in "
        f"{stage}. "
        f"It began with {', '.join(sorted(began_with))}, this is {execution.pipeline.definition}."
    )
    leave_mark(session, execution, stage, records.CANCELLED, records.Cancellation(reason=reason))
    return True


def _began_with(execution: ExecutionSnapshot) -> set[str]:
    return {value for (_, key), value in execution.marks.items() if key == records.DEFINITION}
