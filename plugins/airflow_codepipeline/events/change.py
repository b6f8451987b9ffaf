"""A change of state that is told: of the pipeline execution, of a stage, of an action.

Source: CodePipeline user guide, "Monitoring CodePipeline events"; codepipeline.md §8.1.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["pipeline", "stage", "action"]
STARTED, RESUMED, STOPPING = "STARTED", "RESUMED", "STOPPING"
SUCCEEDED, FAILED, CANCELED = "SUCCEEDED", "FAILED", "CANCELED"
STOPPED, SUPERSEDED, ABANDONED = "STOPPED", "SUPERSEDED", "ABANDONED"
OPEN = frozenset({STARTED, RESUMED, STOPPING})
"""The states from which something goes on."""


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A change of state.

    :param at: when it was seen, ISO 8601.
    :param attempt: how often the execution had begun.
    :param asked: whether it is no change, but an approval that now waits for its answer.
    :param reason: why the execution is stopped.
    :param retried: when the pipeline, or the stage, was resumed last.
    :param action_execution_id: the id of the action's attempt.
    """

    level: Level
    state: str
    at: str
    attempt: int
    stage: str = ""
    action: str = ""
    asked: bool = False
    reason: str | None = None
    retried: str | None = None
    action_execution_id: str | None = None
