"""The statuses of executions, spelled as AWS spells them, and what Airflow's states mean in them.

Source: CodePipeline API reference, PipelineExecution, StageExecution and ActionExecution.
"""

from __future__ import annotations

from enum import StrEnum


class PipelineExecutionStatus(StrEnum):
    """How a pipeline execution stands."""

    IN_PROGRESS = "InProgress"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SUPERSEDED = "Superseded"
    CANCELLED = "Cancelled"


class StageExecutionStatus(StrEnum):
    """How an execution stands in a stage."""

    IN_PROGRESS = "InProgress"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    SKIPPED = "Skipped"


class ActionExecutionStatus(StrEnum):
    """How an action stands."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    ABANDONED = "Abandoned"


UNDER_WAY = (
    "queued",
    "running",
    "restarting",
    "deferred",
    "awaiting_input",
    "up_for_retry",
    "up_for_reschedule",
)
"""The states of an Airflow task that has begun and not ended."""

ACTION_STATUS: dict[str | None, ActionExecutionStatus | None] = {
    None: None,
    "none": None,
    "scheduled": None,
    **dict.fromkeys(UNDER_WAY, ActionExecutionStatus.IN_PROGRESS),
    "success": ActionExecutionStatus.SUCCEEDED,
    "failed": ActionExecutionStatus.FAILED,
    "upstream_failed": None,
    "skipped": None,
    "removed": None,
}
"""Every state of an Airflow task as the status of its action; none means that the action did not run."""

FINISHED_TASK_STATES = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
"""The states that an Airflow task does not leave by itself."""
