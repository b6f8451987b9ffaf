"""How an execution stands, by the states of its tasks: in every world that a stage can be in."""

from __future__ import annotations

from itertools import product

import pytest

from airflow_codepipeline.execution.standing import (
    Left,
    StageTasks,
    action_status,
    execution_status,
    stage_status,
)
from airflow_codepipeline.execution.status import (
    ACTION_STATUS,
    FINISHED_TASK_STATES,
    UNDER_WAY,
    ActionExecutionStatus,
    PipelineExecutionStatus,
    StageExecutionStatus,
)

STATES = (*sorted(state for state in ACTION_STATUS if state), None)
FLAGS = tuple(product((False, True), repeat=3))
SUCCEEDED, FAILED = StageExecutionStatus.SUCCEEDED, StageExecutionStatus.FAILED


def stage(**more):
    return StageTasks(**{"name": "Deploy", "enter": "success", "exit": "success", "done": "success"} | more)


def worlds():
    """Yield a stage in every combination of its own tasks' states, and of what it was told."""
    for enter, leave, done in product(STATES, repeat=3):
        for stopped, cancelled, skipped in FLAGS:
            yield StageTasks(
                name="Deploy",
                enter=enter,
                exit=leave,
                done=done,
                stopped=stopped,
                cancelled=cancelled,
                skipped=skipped,
            )


def test_every_state_of_an_airflow_task_has_one_meaning():
    from airflow.utils.state import TaskInstanceState

    assert {state.value for state in TaskInstanceState} <= ACTION_STATUS.keys()
    assert not FINISHED_TASK_STATES & set(UNDER_WAY)


def test_a_stage_stands_in_one_way_in_every_world():
    for world in worlds():
        status = stage_status(world)
        assert status is None or status in StageExecutionStatus
        assert (status is None) == (world.enter not in {"success", "failed"}), world


def test_a_stage_that_is_held_is_in_progress_or_stopping_and_nothing_final():
    for world in worlds():
        if world.is_inside and world.done != "success":
            assert stage_status(world) in {StageExecutionStatus.IN_PROGRESS, StageExecutionStatus.STOPPING}


def test_only_a_stage_whose_done_succeeded_has_succeeded_or_was_skipped():
    for world in worlds():
        passed = stage_status(world) in {SUCCEEDED, StageExecutionStatus.SKIPPED}
        assert passed == (world.enter == "success" and world.done == "success"), world


def test_an_execution_waits_in_front_of_a_stage_or_is_inside_and_never_both():
    for world in worlds():
        assert not (world.is_waiting and world.is_inside)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, SUCCEEDED),
        ({"skipped": True}, StageExecutionStatus.SKIPPED),
        ({"exit": None, "done": None}, StageExecutionStatus.IN_PROGRESS),
        ({"exit": None, "done": "upstream_failed"}, StageExecutionStatus.IN_PROGRESS),
        ({"exit": None, "done": "upstream_failed", "stopped": True}, StageExecutionStatus.STOPPING),
        ({"done": "upstream_failed"}, FAILED),
        ({"done": "upstream_failed", "stopped": True}, StageExecutionStatus.STOPPED),
        ({"done": "upstream_failed", "cancelled": True}, StageExecutionStatus.CANCELLED),
        ({"enter": "failed", "exit": "upstream_failed", "done": "upstream_failed"}, FAILED),
        ({"enter": "deferred", "exit": None, "done": None}, None),
        ({"enter": "skipped", "exit": "skipped", "done": "skipped"}, None),
    ],
)
def test_a_stage_stands_as_its_gate_its_exit_and_its_end_say(more, expected):
    assert stage_status(stage(**more)) is expected


def test_an_action_stands_in_one_way_in_every_state():
    for state in STATES:
        status = action_status(stage(actions={"Out": state}), "Out")
        assert (status is ActionExecutionStatus.IN_PROGRESS) == (state in UNDER_WAY)


def test_an_action_that_was_given_up_is_abandoned_and_no_longer_once_it_runs_again():
    given_up = frozenset({"Out"})
    assert action_status(stage(actions={"Out": "failed"}, abandoned=given_up), "Out") == "Abandoned"
    assert action_status(stage(actions={"Out": "running"}, abandoned=given_up), "Out") == "InProgress"
    assert action_status(stage(actions={"Out": "failed"}), "Out") == "Failed"


def test_an_execution_stands_in_one_way_in_every_world():
    for run_state in ("queued", "running", "success", "failed"):
        for stopped, cancelled, left in product((False, True), (False, True), (None, *Left)):
            stages = [stage(), stage(stopped=stopped, cancelled=cancelled, left=left)]
            status = execution_status(run_state, stages)
            assert status in PipelineExecutionStatus
            under_way = status in {PipelineExecutionStatus.IN_PROGRESS, PipelineExecutionStatus.STOPPING}
            assert under_way == (run_state in {"queued", "running"})


@pytest.mark.parametrize(
    ("run_state", "more", "expected"),
    [
        ("queued", {}, "InProgress"),
        ("running", {}, "InProgress"),
        ("running", {"stopped": True}, "Stopping"),
        ("success", {}, "Succeeded"),
        ("failed", {}, "Failed"),
        ("failed", {"stopped": True}, "Stopped"),
        ("success", {"left": Left.SUPERSEDED}, "Superseded"),
        ("success", {"left": Left.CANCELLED}, "Cancelled"),
        ("failed", {"cancelled": True}, "Cancelled"),
        ("success", {"cancelled": True}, "Cancelled"),
    ],
)
def test_an_execution_stands_as_its_run_and_what_it_was_told_say(run_state, more, expected):
    assert execution_status(run_state, [stage(), stage(**more)]) == expected


def test_in_progress_and_failed_actions_are_named():
    world = stage(actions={"A": "deferred", "B": "failed", "C": "success", "D": None})
    assert (world.in_progress, world.failed) == (("A",), ("B",))
