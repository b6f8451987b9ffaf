"""What an execution keeps of itself in a stage, beyond any task's tries: overrides, retries, a stop.

Each is an XCom of the stage's `exit` task. No worker ever runs that task, so Airflow never wipes them.
"""

from __future__ import annotations

from typing import Literal

import msgspec

DEFINITION = "definition"
"""The hash of the definition that the execution runs; of every stage that it has come to."""
STARTED = "started"
"""When an execution started whose DAG run has a date of its own; of the first stage."""
CANCELLED = "cancelled"
STOPPED = "stopped"
RETRIES = "retries"
AGAIN = "again"
LOOKS = "looks"
"""How the execution stood at the moments that those who are told of it must not miss; of the first stage."""

ROLLBACK = "codepipeline.rollback"
"""The key of a DAG run's conf that makes it a rollback: a `Rollback`."""
TRIGGER = "codepipeline.trigger"
"""The key of a DAG run's conf that says what started it."""

Hook = Literal["BEFORE_ENTRY", "ON_SUCCESS"]
"""The conditions that can be overridden (CodePipeline API, ConditionType)."""


def override_key(hook: Hook) -> str:
    """Return the XCom key of a condition's override."""
    return f"override.{hook}"


def reported_key(sink: str) -> str:
    """Return the XCom key of how far a sink has been told of the execution; of the first stage."""
    return f"reported.{sink}"


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What all of them share: how they are written."""


class Override(Record, frozen=True, kw_only=True):
    """A condition's result was set aside (OverrideStageCondition).

    :param by: who did it.
    :param at: when, ISO 8601.
    """

    by: str
    at: str


class StageRetries(Record, frozen=True, kw_only=True):
    """How often the stage was retried in this execution (CodePipeline API, RetryStageMetadata)."""

    auto_stage_retry_attempt: int = 0
    manual_stage_retry_attempt: int = 0
    latest_retry_trigger: Literal["AutomatedStageRetry", "ManualStageRetry"] | None = None

    @property
    def total(self) -> int:
        """The number of retries of either kind."""
        return self.auto_stage_retry_attempt + self.manual_stage_retry_attempt


class Stop(Record, frozen=True, kw_only=True):
    """The execution was told to stop (StopPipelineExecution).

    :param abandon: whether the actions in progress were given up.
    :param abandoned: the ids of their tasks.
    :param at: when, ISO 8601.
    """

    by: str
    at: str
    abandon: bool = False
    reason: str | None = None
    abandoned: tuple[str, ...] = ()


class Again(Record, frozen=True, kw_only=True):
    """The stage was retried, or its condition overridden: the execution enters it past the transition.

    :param cleared: how often its run was cleared then, that time included.
    """

    cleared: int


class Cancellation(Record, frozen=True, kw_only=True):
    """The execution was cancelled: its definition changed."""

    reason: str


class Rollback(Record, frozen=True, kw_only=True):
    """What a rollback execution runs again, and of whom.

    :param target_run_id: the DAG run of the target.
    :param in_place_of: the DAG run whose failure it answers by itself; none where a person asked for it.
    """

    stage: str
    target_pipeline_execution_id: str
    target_run_id: str
    in_place_of: str | None = None
