"""Retry of a stage: when it is allowed, and which tasks run again.

Source: CodePipeline user guide, "Configure stage retry for a failed stage or failed actions in a stage";
API reference, RetryStageExecution. The execution keeps its id, and later stages follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.execution.conditions import AFTER_ACTIONS, LABELS
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.standing import stage_status
from airflow_codepipeline.execution.status import FINISHED_TASK_STATES, StageExecutionStatus

if TYPE_CHECKING:
    from airflow_codepipeline.definition.model import RetryMode
    from airflow_codepipeline.execution.standing import StageTasks

GATE, ENTRY = "enter", LABELS["BEFORE_ENTRY"]
_RETRYABLE = frozenset({StageExecutionStatus.FAILED, StageExecutionStatus.STOPPED})


def check_retry(
    stage: StageTasks,
    mode: RetryMode,
    *,
    retried: bool = False,
    newer_entered: bool = False,
    outdated: bool = False,
) -> None:
    """Check that a stage of an execution may be retried.

    :param retried: whether the execution is under way and was retried in the stage before.
    :param newer_entered: whether a newer execution has entered the stage since.
    :param outdated: whether the definition that the execution ran is not at hand any more.
    :raises Refusal: it may not.
    """
    status = stage_status(stage)
    again = retried and not stage.failed and status in {None, StageExecutionStatus.IN_PROGRESS}
    if not again and status not in {*_RETRYABLE, StageExecutionStatus.IN_PROGRESS}:
        stands = "the execution has not failed there" if status is None else f"it is {status}"
        raise _not_retryable(stage, f"{stands}; only a failed or stopped stage can be retried")
    if newer_entered:
        raise Refusal(
            "NotLatestPipelineExecutionException",
            f"A newer execution has entered the stage {stage.name}: only the latest one can be retried.",
        )
    if outdated:
        raise _not_retryable(stage, "the pipeline's definition changed since; start a new execution")
    if again:
        raise Refusal("ConflictException", f"A retry of the stage {stage.name} is under way already.")
    if status is StageExecutionStatus.IN_PROGRESS:
        _check_while_in_progress(stage, mode)
    elif mode == "FAILED_ACTIONS" and status is StageExecutionStatus.FAILED and _all_succeeded(stage):
        raise _not_retryable(
            stage, "all its actions succeeded; use ALL_ACTIONS, or override the stage's condition"
        )


def _check_while_in_progress(stage: StageTasks, mode: RetryMode) -> None:
    if mode == "ALL_ACTIONS" and stage.in_progress:
        running = ", ".join(stage.in_progress)
        raise _not_retryable(stage, f"in progress: {running}; ALL_ACTIONS has to wait for them")
    if not stage.failed:
        raise _not_retryable(stage, "it is InProgress, and none of its actions has failed")
    if not stage.in_progress:
        raise Refusal(
            "ConflictException", f"The stage {stage.name} is just coming to its end. Try again in a second."
        )


def tasks_of_retry(stage: StageTasks, mode: RetryMode) -> tuple[str, ...]:
    """Return which of the stage's tasks run again, by their names within the stage.

    Those of all later stages do too. The gate is among them, unless the execution is still inside.
    """
    if mode == "ALL_ACTIONS":
        again = {GATE, *stage.hooks, *stage.actions}
    else:
        again = {name for name, state in stage.actions.items() if state in {"failed", *_NOT_RUN}}
        again |= {name for name, state in stage.hooks.items() if state != "success" or name != ENTRY}
        again |= set() if stage.is_inside else {GATE}
    order = (GATE, ENTRY, *stage.actions, *AFTER_ACTIONS)
    return (*(name for name in order if name in again), "exit", "done")


def tasks_of_automatic_retry(stage: StageTasks, mode: RetryMode) -> tuple[str, ...]:
    """Return which of the stage's tasks an automatic retry runs again: the execution keeps the stage."""
    return tuple(name for name in tasks_of_retry(stage, mode) if name != GATE)


_NOT_RUN = frozenset({None, "upstream_failed", "skipped", "removed"})


def _all_succeeded(stage: StageTasks) -> bool:
    return all(state == "success" for state in stage.actions.values())


def _not_retryable(stage: StageTasks, why: str) -> Refusal:
    return Refusal("StageNotRetryableException", f"The stage {stage.name} cannot be retried: {why}.")


def is_being_finished(run_state: str, states: list[str | None]) -> bool:
    """Tell whether all tasks of a run have ended and Airflow has not yet said how the run ended."""
    return run_state == "running" and all(state in FINISHED_TASK_STATES for state in states)
