"""When a condition's result may be set aside, and what runs again."""

from __future__ import annotations

import pytest

from airflow_codepipeline.execution.override import check_override, tasks_of_override
from airflow_codepipeline.execution.standing import StageTasks
from execution.refusals import refused

NOT_OVERRIDABLE = "ConditionNotOverridableException"
BOTH = pytest.mark.parametrize(
    ("hook", "task"), [("BEFORE_ENTRY", "beforeEntry"), ("ON_SUCCESS", "onSuccess")]
)


def stage(**hooks):
    own = {"enter": "success", "exit": "success", "done": "upstream_failed"}
    return StageTasks(name="Deploy", **own, actions={"A": "success", "B": "success"}, hooks=hooks)


@BOTH
@pytest.mark.parametrize("result", ["FAIL", "ROLLBACK", None])
def test_a_condition_that_failed_may_be_overridden(hook, task, result):
    check_override(stage(**{task: "failed"}), hook, result)


@BOTH
def test_a_condition_that_the_stage_does_not_have_is_not_overridden(hook, task):
    del task
    with refused(NOT_OVERRIDABLE, f"The stage Deploy has no condition {hook}"):
        check_override(stage(onFailure="failed"), hook, None)


@BOTH
def test_a_stage_that_is_skipped_stays_so(hook, task):
    with refused(NOT_OVERRIDABLE, f"{hook} of the stage Deploy skips the stage; that cannot be"):
        check_override(stage(**{task: "success"}), hook, "SKIP")


@BOTH
@pytest.mark.parametrize("state", ["deferred", "running", "queued", "up_for_retry"])
def test_a_condition_that_is_evaluated_may_be_overridden_and_it_alone_runs_again(hook, task, state):
    waiting = stage(**{"beforeEntry": "success", "onSuccess": None} | {task: state})

    check_override(waiting, hook, "FAIL")

    assert tasks_of_override(waiting, hook) == (task,)


@BOTH
@pytest.mark.parametrize("state", ["success", "scheduled", "upstream_failed", "skipped", None])
def test_a_condition_that_neither_failed_nor_is_evaluated_is_not_overridden(hook, task, state):
    with refused(NOT_OVERRIDABLE, f"{hook} of the stage Deploy has not failed in this execution, and is not"):
        check_override(stage(**{task: state}), hook, "FAIL")


@BOTH
def test_an_execution_that_another_one_has_overtaken_does_not_go_on(hook, task):
    with refused("NotLatestPipelineExecutionException", "only the latest one can go on"):
        check_override(stage(**{task: "failed"}), hook, "FAIL", newer_entered=True)


@BOTH
def test_an_execution_of_a_definition_that_is_gone_does_not_go_on(hook, task):
    with refused(NOT_OVERRIDABLE, "definition changed since; start a new execution"):
        check_override(stage(**{task: "failed"}), hook, "FAIL", outdated=True)


def test_where_the_entry_is_overridden_the_stage_is_run():
    hooks = {"beforeEntry": "failed", "onSuccess": "upstream_failed", "onFailure": "skipped"}

    assert tasks_of_override(stage(**hooks), "BEFORE_ENTRY") == (
        *("enter", "beforeEntry", "A", "B", "onSuccess", "onFailure", "exit", "done"),
    )


def test_where_the_success_is_overridden_no_action_runs_again():
    hooks = {"beforeEntry": "success", "onSuccess": "failed"}

    assert tasks_of_override(stage(**hooks), "ON_SUCCESS") == ("enter", "onSuccess", "exit", "done")
