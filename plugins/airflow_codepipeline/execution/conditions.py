"""What becomes of a stage by its conditions: pure decisions.

A condition is met when all its rules succeeded. In front of a stage and after its success the result is
engaged when the condition is *not* met; after a failure, when it is met, or has no rules. Source:
CodePipeline user guide, "How do stage conditions work?"; API reference, Condition and FailureConditions.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection

    from airflow_codepipeline.definition.model import Condition, Result, RetryMode, Stage

ConditionHook = Literal["BEFORE_ENTRY", "ON_SUCCESS", "ON_FAILURE"]
"""Where in a stage's life a condition stands."""


LABELS: dict[ConditionHook, str] = {
    "BEFORE_ENTRY": "beforeEntry",
    "ON_SUCCESS": "onSuccess",
    "ON_FAILURE": "onFailure",
}
"""What a hook is called in a declaration, and its task within the stage's group."""


AFTER_ACTIONS = (LABELS["ON_SUCCESS"], LABELS["ON_FAILURE"])
"""The hooks that come after a stage's actions, by what they are called."""


class ConditionStatus(StrEnum):
    """How a condition stands (CodePipeline API, ConditionExecutionStatus)."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    ERRORED = "Errored"
    CANCELLED = "Cancelled"
    ABANDONED = "Abandoned"
    OVERRIDDEN = "Overridden"


class RuleStatus(StrEnum):
    """How a rule stands (CodePipeline API, RuleExecutionStatus)."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    ABANDONED = "Abandoned"


def condition_of(stage: Stage, hook: ConditionHook) -> Condition | None:
    """Return the condition of a stage's hook, or none where the hook has no rules."""
    hooks = {
        "BEFORE_ENTRY": stage.before_entry,
        "ON_SUCCESS": stage.on_success,
        "ON_FAILURE": stage.on_failure,
    }
    declared = hooks[hook]
    conditions = declared.conditions if declared else ()
    return next((condition for condition in conditions if condition.rules), None)


def result_of(stage: Stage, hook: ConditionHook) -> Result | None:
    """Return the result that a stage's hook declares; onFailure may declare it beside its condition."""
    condition = condition_of(stage, hook)
    declared = condition.result if condition else None
    if declared is None and hook == "ON_FAILURE" and stage.on_failure:
        return stage.on_failure.result
    return declared


def retry_mode_of(stage: Stage) -> RetryMode | None:
    """Return which actions an automatic retry of the stage runs again; none where it has no retry."""
    if stage.on_failure is None or result_of(stage, "ON_FAILURE") != "RETRY":
        return None
    retry = stage.on_failure.retry_configuration
    return (retry.retry_mode if retry else None) or "FAILED_ACTIONS"


def has_task(stage: Stage, hook: ConditionHook) -> bool:
    """Tell whether a stage has something to decide at a hook."""
    if condition_of(stage, hook) is not None:
        return True
    return hook == "ON_FAILURE" and result_of(stage, hook) is not None


def status_of(rules: Collection[RuleStatus], *, errored: bool = False) -> ConditionStatus:
    """Return how a condition stands by its rules.

    :param errored: whether a rule could not be evaluated at all.
    """
    if RuleStatus.IN_PROGRESS in rules:
        return ConditionStatus.IN_PROGRESS
    if errored:
        return ConditionStatus.ERRORED
    return ConditionStatus.FAILED if RuleStatus.FAILED in rules else ConditionStatus.SUCCEEDED


def is_engaged(
    hook: ConditionHook, status: ConditionStatus, result: Result | None, *, retries: int = 0
) -> bool:
    """Tell whether a condition's result is carried out.

    A condition that could not be evaluated fails the stage: it neither skips it nor rolls anything back.

    :param retries: how often the stage was retried automatically in this execution; once is all.
    """
    if hook == "ON_FAILURE":
        spent = result == "RETRY" and retries > 0
        return status is ConditionStatus.SUCCEEDED and result is not None and not spent
    if status is ConditionStatus.ERRORED:
        return result in (None, "FAIL")
    return status is ConditionStatus.FAILED
