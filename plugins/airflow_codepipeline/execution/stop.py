"""Stop of an execution: when it is allowed.

Source: CodePipeline user guide, "Stop a pipeline execution"; API reference, StopPipelineExecution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.status import PipelineExecutionStatus

if TYPE_CHECKING:
    from airflow_codepipeline.execution.records import Stop


def check_stop(
    execution_id: str, status: PipelineExecutionStatus, earlier: Stop | None, *, abandon: bool
) -> None:
    """Check that an execution may be told to stop.

    :param earlier: what it was told before, while it is stopping.
    :param abandon: whether it is to give up what is in progress.
    :raises Refusal: it may not.
    """
    if status is PipelineExecutionStatus.STOPPING:
        if earlier is not None and (earlier.abandon or not abandon):
            raise Refusal(
                "DuplicatedStopRequestException",
                f"The execution {execution_id} is already stopping. While it waits for actions in progress, "
                "it can still be told to abandon them.",
            )
        return
    if status is not PipelineExecutionStatus.IN_PROGRESS:
        raise Refusal(
            "PipelineExecutionNotStoppableException",
            f"The execution {execution_id} cannot be stopped: it is {status}.",
        )
