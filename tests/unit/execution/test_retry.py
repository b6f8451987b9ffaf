"""When a stage may be retried, and what runs again."""

from __future__ import annotations

from itertools import product

import pytest

from airflow_codepipeline.execution.retry import (
    check_retry,
    is_being_finished,
    tasks_of_automatic_retry,
    tasks_of_retry,
)
from airflow_codepipeline.execution.standing import StageTasks
from airflow_codepipeline.execution.status import FINISHED_TASK_STATES
from execution.refusals import refused

NOT_RETRYABLE = "StageNotRetryableException"
MODES = ("FAILED_ACTIONS", "ALL_ACTIONS")


def failed(**more):
    """A stage that has failed: B, of the second runOrder C did not run."""
    own = {"enter": "success", "exit": "success", "done": "upstream_failed"}
    actions = {"A": "success", "B": "failed", "C": "upstream_failed"}
    return StageTasks(**{"name": "Build", **own, "actions": actions} | more)


@pytest.mark.parametrize("mode", MODES)
def test_a_failed_or_stopped_stage_may_be_retried(mode):
    check_retry(failed(), mode)
    check_retry(failed(stopped=True), mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("more", "stands"),
    [
        ({"enter": None}, "has not failed there"),
        ({"enter": "deferred"}, "has not failed there"),
        ({"done": "success"}, "it is Succeeded"),
        ({"done": "success", "skipped": True}, "it is Skipped"),
        ({"cancelled": True}, "it is Cancelled"),
        ({"exit": None, "stopped": True}, "it is Stopping"),
    ],
)
def test_a_stage_that_has_not_failed_is_not_retried(mode, more, stands):
    with refused(NOT_RETRYABLE, f"Build cannot be retried: .*{stands}; only a failed or stopped stage can"):
        check_retry(failed(**more), mode)


def test_an_execution_that_another_one_has_overtaken_is_not_retried():
    with refused("NotLatestPipelineExecutionException", "newer execution has entered the stage Build: only"):
        check_retry(failed(), "ALL_ACTIONS", newer_entered=True)


def test_an_execution_of_a_definition_that_is_gone_is_not_retried():
    with refused(NOT_RETRYABLE, "definition changed since; start a new execution"):
        check_retry(failed(), "ALL_ACTIONS", outdated=True)


def test_where_no_action_failed_there_is_no_failed_action_to_retry():
    condition = failed(actions={"A": "success"}, hooks={"onSuccess": "failed"})

    with refused(NOT_RETRYABLE, "all its actions succeeded; use ALL_ACTIONS, or override"):
        check_retry(condition, "FAILED_ACTIONS")
    check_retry(condition, "ALL_ACTIONS")


def test_a_stopped_stage_may_go_on_though_no_action_failed():
    check_retry(failed(actions={"A": "success"}, stopped=True), "FAILED_ACTIONS")


def test_failed_actions_may_be_retried_while_others_are_in_progress_and_all_actions_may_not():
    inside = failed(exit=None, actions={"A": "running", "B": "failed"})

    check_retry(inside, "FAILED_ACTIONS")
    with refused(NOT_RETRYABLE, "in progress: A; ALL_ACTIONS has to wait"):
        check_retry(inside, "ALL_ACTIONS")


@pytest.mark.parametrize("mode", MODES)
def test_a_stage_in_progress_in_which_nothing_failed_is_not_retried(mode):
    with refused(NOT_RETRYABLE, "none of its actions has failed|has to wait"):
        check_retry(failed(exit=None, actions={"A": "running", "B": "success"}), mode)


@pytest.mark.parametrize("mode", MODES)
def test_a_stage_that_is_just_ending_is_to_be_retried_a_moment_later(mode):
    with refused("ConflictException", "coming to its end. Try again in a second"):
        check_retry(failed(exit=None, actions={"A": "success", "B": "failed"}), mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "more",
    [{"enter": None}, {"enter": "deferred"}, {"exit": None, "actions": {"A": "success", "B": "running"}}],
)
def test_a_stage_that_is_being_retried_is_not_retried_again(mode, more):
    again = failed(**{"actions": {"A": "success", "B": None}} | more)

    with refused("ConflictException", "A retry of the stage Build is under way already"):
        check_retry(again, mode, retried=True)


def test_what_failed_again_may_be_retried_again_while_other_actions_are_in_progress():
    check_retry(failed(exit=None, actions={"A": "running", "B": "failed"}), "FAILED_ACTIONS", retried=True)


def test_a_retry_of_failed_actions_leaves_what_succeeded():
    assert tasks_of_retry(failed(), "FAILED_ACTIONS") == ("enter", "B", "C", "exit", "done")


def test_a_retry_of_all_actions_runs_the_whole_stage():
    hooks = {"beforeEntry": "success", "onSuccess": "upstream_failed", "onFailure": "success"}

    assert tasks_of_retry(failed(hooks=hooks), "ALL_ACTIONS") == (
        *("enter", "beforeEntry", "A", "B", "C", "onSuccess", "onFailure", "exit", "done"),
    )


def test_an_entry_condition_that_was_met_is_not_asked_again_for_failed_actions():
    hooks = {"beforeEntry": "success", "onSuccess": "upstream_failed", "onFailure": "success"}
    not_met = {"beforeEntry": "failed"}

    assert "beforeEntry" not in tasks_of_retry(failed(hooks=hooks), "FAILED_ACTIONS")
    assert {"onSuccess", "onFailure"} <= set(tasks_of_retry(failed(hooks=hooks), "FAILED_ACTIONS"))
    assert "beforeEntry" in tasks_of_retry(failed(hooks=not_met), "FAILED_ACTIONS")


def test_an_execution_that_is_still_inside_does_not_pass_the_gate_again():
    inside = failed(exit=None, actions={"A": "running", "B": "failed", "C": "upstream_failed"})

    assert tasks_of_retry(inside, "FAILED_ACTIONS") == ("B", "C", "exit", "done")


@pytest.mark.parametrize("mode", MODES)
def test_an_automatic_retry_keeps_the_stage(mode):
    assert "enter" not in tasks_of_automatic_retry(failed(), mode)
    assert "B" in tasks_of_automatic_retry(failed(), mode)


@pytest.mark.parametrize("mode", MODES)
def test_in_every_world_a_retry_runs_what_failed_and_never_what_is_in_progress(mode):
    states = ("success", "failed", "upstream_failed", "skipped", "running", None)
    for actions in product(states, repeat=3):
        world = failed(exit=None, actions=dict(zip("ABC", actions, strict=True)))
        if world.failed and not (mode == "ALL_ACTIONS" and world.in_progress):
            again = set(tasks_of_retry(world, mode))
            assert set(world.failed) <= again
            assert not again & set(world.in_progress)
            assert {"exit", "done"} <= again


def test_a_run_is_being_finished_once_all_its_tasks_have_ended_and_airflow_has_not_said_how():
    assert is_being_finished("running", list(FINISHED_TASK_STATES))
    assert not is_being_finished("failed", list(FINISHED_TASK_STATES))
    assert not is_being_finished("running", ["success", None])
