"""Rollback of a stage: when it is allowed, and to which execution.

Source: CodePipeline user guide, "Configure stage rollback"; API reference, RollbackStage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.status import StageExecutionStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_codepipeline.definition.model import Pipeline


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """An execution that a stage may be rolled back to.

    :param status: how it stands in the stage.
    :param is_rollback: whether it is a rollback itself.
    :param definition: the hash of the definition that it ran.
    :param run_id: its DAG run.
    """

    execution_id: str
    run_id: str
    status: StageExecutionStatus | None
    is_rollback: bool
    definition: str | None


def check_stage(pipeline: Pipeline, stage: str, *, occupied: bool) -> None:
    """Check that a stage can be rolled back at all.

    :param occupied: whether an execution is in the stage.
    :raises Refusal: it cannot.
    """
    if pipeline.execution_mode == "PARALLEL":
        raise _unable(stage, "the pipeline's execution mode is PARALLEL")
    if stage == pipeline.stages[0].name:
        raise _unable(stage, "it is the source stage")
    if occupied:
        raise _unable(stage, "an execution is in progress in it")


def check_target(stage: str, target: Candidate, *, definition: str) -> None:
    """Check that a stage can be rolled back to an execution.

    :param definition: the hash of the pipeline's definition as it is now.
    :raises Refusal: it cannot.
    """
    if target.is_rollback:
        raise _unable(stage, f"{target.execution_id} is a rollback itself")
    if target.status is not StageExecutionStatus.SUCCEEDED:
        raise _unable(stage, f"{target.execution_id} did not succeed in it")
    if target.definition != definition:
        raise Refusal(
            "PipelineExecutionOutdatedException",
            f"The execution {target.execution_id} ran another version of the pipeline.",
        )


def latest_good(
    candidates: Iterable[Candidate], *, definition: str, failed: str | None = None
) -> Candidate | None:
    """Return the execution that an automatic rollback goes to, or none.

    :param candidates: executions, the newest first.
    :param failed: the id of the execution that failed: it is no target.
    """
    for candidate in candidates:
        good = candidate.status is StageExecutionStatus.SUCCEEDED and not candidate.is_rollback
        if good and candidate.definition == definition and candidate.execution_id != failed:
            return candidate
    return None


def _unable(stage: str, why: str) -> Refusal:
    return Refusal("UnableToRollbackStageException", f"The stage {stage} cannot be rolled back: {why}.")
