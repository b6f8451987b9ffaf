"""How an execution stands: CodePipeline's statuses, read from the states of Airflow's tasks.

Source: CodePipeline user guide, "How pipeline executions work"; codepipeline.md §4.1 lists what may follow
what. Pure: the tasks' states come in, statuses come out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from airflow_codepipeline.execution.status import (
    ACTION_STATUS,
    FINISHED_TASK_STATES,
    UNDER_WAY,
    ActionExecutionStatus,
    PipelineExecutionStatus,
    StageExecutionStatus,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Left(Enum):
    """Why an execution came to a stage and went away for good before it."""

    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class StageTasks:
    """The tasks of one execution in one stage, as Airflow has them.

    :param hooks: the states of the tasks that evaluate conditions, by the names `beforeEntry`, `onSuccess`
        and `onFailure`; only of those that the stage has.
    :param actions: the states of the actions' tasks, by the actions' names.
    :param left: why the execution never entered, where its gate ended as skipped.
    :param stopped: whether the execution was told to stop while it was here.
    :param abandoned: the actions that were given up when it was stopped.
    :param cancelled: whether it was cancelled while it was here.
    :param skipped: whether the entry condition skipped the stage.
    """

    name: str
    enter: str | None = None
    exit: str | None = None
    done: str | None = None
    hooks: Mapping[str, str | None] = field(default_factory=dict)
    actions: Mapping[str, str | None] = field(default_factory=dict)
    left: Left | None = None
    stopped: bool = False
    abandoned: frozenset[str] = frozenset()
    cancelled: bool = False
    skipped: bool = False

    @property
    def is_waiting(self) -> bool:
        """Whether the execution waits in front of the stage."""
        return self.enter in UNDER_WAY

    @property
    def is_inside(self) -> bool:
        """Whether the execution holds the stage."""
        return self.enter == "success" and self.exit not in FINISHED_TASK_STATES

    @property
    def in_progress(self) -> tuple[str, ...]:
        """The actions in progress."""
        return tuple(name for name, state in self.actions.items() if state in UNDER_WAY)

    @property
    def failed(self) -> tuple[str, ...]:
        """The actions that failed or were given up."""
        return tuple(name for name, state in self.actions.items() if state == "failed")


def action_status(stage: StageTasks, action: str) -> ActionExecutionStatus | None:
    """Return how an action stands, or none where it did not run."""
    if action in stage.abandoned and stage.actions.get(action) == "failed":
        return ActionExecutionStatus.ABANDONED
    return ACTION_STATUS[stage.actions.get(action)]


def stage_status(stage: StageTasks) -> StageExecutionStatus | None:
    """Return how an execution stands in a stage, or none where it has not entered it."""
    if stage.enter == "failed":
        return StageExecutionStatus.FAILED
    if stage.enter != "success":
        return None
    if stage.done == "success":
        return StageExecutionStatus.SKIPPED if stage.skipped else StageExecutionStatus.SUCCEEDED
    if stage.exit not in FINISHED_TASK_STATES or stage.done not in FINISHED_TASK_STATES:
        return StageExecutionStatus.STOPPING if stage.stopped else StageExecutionStatus.IN_PROGRESS
    if stage.stopped:
        return StageExecutionStatus.STOPPED
    return StageExecutionStatus.CANCELLED if stage.cancelled else StageExecutionStatus.FAILED


def execution_status(run_state: str, stages: Sequence[StageTasks]) -> PipelineExecutionStatus:
    """Return how an execution stands.

    :param run_state: the state of its DAG run.
    """
    stopped = any(stage.stopped for stage in stages)
    if run_state not in {"success", "failed"}:
        return PipelineExecutionStatus.STOPPING if stopped else PipelineExecutionStatus.IN_PROGRESS
    left = {stage.left for stage in stages}
    if Left.SUPERSEDED in left:
        return PipelineExecutionStatus.SUPERSEDED
    if Left.CANCELLED in left or any(stage.cancelled for stage in stages):
        return PipelineExecutionStatus.CANCELLED
    if stopped:
        return PipelineExecutionStatus.STOPPED
    if run_state == "success":
        return PipelineExecutionStatus.SUCCEEDED
    return PipelineExecutionStatus.FAILED
