"""Override of a stage's condition: when it is allowed, and which tasks run again.

Source: CodePipeline user guide, "Override stage conditions"; API reference, OverrideStageCondition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.execution.conditions import AFTER_ACTIONS, LABELS
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.status import UNDER_WAY

if TYPE_CHECKING:
    from airflow_codepipeline.definition.model import Result
    from airflow_codepipeline.execution.records import Hook
    from airflow_codepipeline.execution.standing import StageTasks


def check_override(
    stage: StageTasks,
    hook: Hook,
    result: Result | None,
    *,
    newer_entered: bool = False,
    outdated: bool = False,
) -> None:
    """Check that the result of a condition may be set aside: it has failed, or is evaluated now.

    :param result: what the condition declares.
    :param newer_entered: whether a newer execution has entered the stage since.
    :param outdated: whether the definition that the execution ran is not at hand any more.
    :raises Refusal: it may not.
    """
    name = LABELS[hook]
    if name not in stage.hooks:
        raise Refusal("ConditionNotOverridableException", f"The stage {stage.name} has no condition {hook}.")
    if result == "SKIP":
        raise Refusal(
            "ConditionNotOverridableException",
            f"The condition {hook} of the stage {stage.name} skips the stage; that cannot be overridden.",
        )
    if newer_entered:
        raise Refusal(
            "NotLatestPipelineExecutionException",
            f"A newer execution has entered the stage {stage.name}: only the latest one can go on.",
        )
    if stage.hooks[name] != "failed" and not is_evaluated(stage, hook):
        raise Refusal(
            "ConditionNotOverridableException",
            f"The condition {hook} of the stage {stage.name} has not failed in this execution, and is not "
            "evaluated now.",
        )
    if outdated:
        raise Refusal(
            "ConditionNotOverridableException",
            f"The execution cannot go on in the stage {stage.name}: the pipeline's definition changed since; "
            "start a new execution.",
        )


def is_evaluated(stage: StageTasks, hook: Hook) -> bool:
    """Tell whether a condition is evaluated now: the execution is in the stage, and waits for its rules."""
    return stage.hooks[LABELS[hook]] in UNDER_WAY


def tasks_of_override(stage: StageTasks, hook: Hook) -> tuple[str, ...]:
    """Return which of the stage's tasks run again, by their names within the stage; later stages do too."""
    again = [LABELS[hook]]
    if is_evaluated(stage, hook):
        return tuple(again)
    if hook == "BEFORE_ENTRY":
        again += [
            *stage.actions,
            *(name for name in AFTER_ACTIONS if name in stage.hooks),
        ]
    return ("enter", *again, "exit", "done")
