"""A stage as tasks: who follows whom, and under which rule."""

from __future__ import annotations

import pytest
from airflow.sdk import TriggerRule

from airflow_codepipeline.dag.action_operator import ActionOperator
from airflow_codepipeline.dag.approval import ManualApprovalSensor
from airflow_codepipeline.dag.factory import build_dag
from airflow_codepipeline.dag.stage_gate import StageGateSensor
from dag.kit import web_shop


@pytest.fixture(scope="module")
def dag():
    return build_dag(web_shop())


def after(dag, task_id):
    return set(dag.task_dict[task_id].upstream_task_ids)


def test_a_stage_has_a_gate_its_actions_and_two_ends_in_a_group(dag):
    tasks = {stage: set() for stage in ("Source", "Build", "Deploy")}
    for task_id in dag.task_ids:
        stage, _, label = task_id.partition(".")
        tasks[stage].add(label)

    assert tasks == {
        "Source": {"enter", "Code", "Image", "done", "exit"},
        "Build": {"enter", "Build", "Test", "done", "exit"},
        "Deploy": {"enter", "Approve", "Publish", "done", "exit"},
    }
    assert set(dag.task_group.children) == set(tasks)
    for stage, labels in tasks.items():
        assert set(dag.task_group.children[stage].children) == {f"{stage}.{label}" for label in labels}


def test_actions_of_one_run_order_start_together_after_the_gate(dag):
    assert after(dag, "Source.Code") == after(dag, "Source.Image") == {"Source.enter"}


def test_the_next_run_order_follows_all_of_the_one_before(dag):
    assert after(dag, "Build.Test") == {"Build.Build"}
    assert after(dag, "Source.done") == {"Source.Code", "Source.Image"}
    assert after(dag, "Build.done") == {"Build.Test"}


def test_the_exit_follows_the_gate_and_every_action(dag):
    assert after(dag, "Source.exit") == {"Source.enter", "Source.Code", "Source.Image"}
    assert after(dag, "Build.exit") == {"Build.enter", "Build.Build", "Build.Test"}


def test_the_exit_runs_whatever_became_of_the_actions_and_all_else_on_success_alone(dag):
    rules = {task.task_id: task.trigger_rule for task in dag.tasks}

    for task_id, rule in rules.items():
        exits = task_id.endswith(".exit")
        expected = TriggerRule.ALL_DONE_MIN_ONE_SUCCESS if exits else TriggerRule.ALL_SUCCESS
        assert rule == expected, task_id


def test_the_next_stage_follows_the_success_of_the_one_before(dag):
    assert after(dag, "Source.enter") == set()
    assert after(dag, "Build.enter") == {"Source.done"}
    assert after(dag, "Deploy.enter") == {"Build.done"}


def test_edges_are_known_at_both_of_their_ends(dag):
    downwards = {(task.task_id, other) for task in dag.tasks for other in task.downstream_task_ids}
    upwards = {(other, task.task_id) for task in dag.tasks for other in task.upstream_task_ids}

    assert downwards == upwards


def test_a_runs_state_depends_on_the_last_stages_success_and_on_every_exit(dag):
    assert {task.task_id for task in dag.leaves} == {
        "Source.exit",
        "Build.exit",
        "Deploy.exit",
        "Deploy.done",
    }


def test_a_task_is_what_its_action_is(dag):
    kinds = {task.task_id: type(task) for task in dag.tasks}

    assert kinds["Deploy.enter"] is StageGateSensor
    assert kinds["Deploy.Approve"] is ManualApprovalSensor
    assert kinds["Deploy.Publish"] is ActionOperator
    assert dag.task_dict["Build.enter"].trigger_kwargs == {
        "mode": "QUEUED",
        "enter_task": "Build.enter",
        "exit_task": "Build.exit",
    }
