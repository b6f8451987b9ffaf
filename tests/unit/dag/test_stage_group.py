"""A stage as tasks: who follows whom, and under which rule."""

from __future__ import annotations

import msgspec
import pytest
from airflow.sdk import TriggerRule

from airflow_codepipeline.dag.action_operator import ActionOperator
from airflow_codepipeline.dag.approval import ManualApprovalSensor
from airflow_codepipeline.dag.factory import build_dag
from airflow_codepipeline.dag.failure_condition import FailureConditionOperator
from airflow_codepipeline.dag.stage_condition import StageConditionOperator
from airflow_codepipeline.dag.stage_gate import StageGateSensor
from airflow_codepipeline.definition.model import OnSuccess
from unit.dag.kit import web_shop


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
        "Deploy": {"enter", "beforeEntry", "Approve", "Publish", "onFailure", "done", "exit"},
    }
    assert set(dag.task_group.children) == set(tasks)
    for stage, labels in tasks.items():
        assert set(dag.task_group.children[stage].children) == {f"{stage}.{label}" for label in labels}


def test_actions_of_one_run_order_start_together_after_the_gate(dag):
    assert after(dag, "Source.Code") == after(dag, "Source.Image") == {"Source.enter"}


def test_the_next_run_order_follows_all_of_the_one_before_and_the_gate(dag):
    assert after(dag, "Build.Test") == {"Build.enter", "Build.Build"}
    assert after(dag, "Source.done") == {"Source.enter", "Source.Code", "Source.Image"}
    assert after(dag, "Build.done") == {"Build.enter", "Build.Test"}


def test_the_exit_follows_the_gate_and_every_action(dag):
    assert after(dag, "Source.exit") == {"Source.enter", "Source.Code", "Source.Image"}
    assert after(dag, "Build.exit") == {"Build.enter", "Build.Build", "Build.Test"}


def test_the_exit_runs_whatever_became_of_the_actions_and_all_else_on_success_alone(dag):
    # ALL_DONE_MIN_ONE_SUCCESS would free a stage as soon as one of its tasks is skipped.
    expected = {"exit": TriggerRule.ALL_DONE, "onFailure": TriggerRule.ONE_FAILED}
    rules = {task.task_id: task.trigger_rule for task in dag.tasks}

    # A skipped stage is no failure; of one that its beforeEntry let in every action has succeeded.
    assert rules.pop("Deploy.done") == TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS
    for task_id, rule in rules.items():
        assert rule == expected.get(task_id.partition(".")[2], TriggerRule.ALL_SUCCESS), task_id


def test_a_condition_stands_between_the_gate_and_the_actions(dag):
    assert after(dag, "Deploy.beforeEntry") == {"Deploy.enter"}
    assert after(dag, "Deploy.Approve") == {"Deploy.enter", "Deploy.beforeEntry"}
    assert after(dag, "Deploy.done") == {"Deploy.enter", "Deploy.beforeEntry", "Deploy.Publish"}


def test_a_failure_is_decided_upon_after_every_action_and_before_the_exit(dag):
    assert after(dag, "Deploy.onFailure") == {"Deploy.Approve", "Deploy.Publish"}
    assert after(dag, "Deploy.exit") == {
        "Deploy.enter",
        "Deploy.beforeEntry",
        "Deploy.Approve",
        "Deploy.Publish",
        "Deploy.onFailure",
    }


def test_the_condition_of_a_success_stands_between_the_actions_and_done():
    rule = {"name": "R", "ruleTypeId": {"provider": "VariableCheck"}}
    build, deploy = web_shop().stages[1:]
    hook = msgspec.convert({"conditions": [{"rules": [rule]}]}, OnSuccess)
    stages = (msgspec.structs.replace(build, on_success=hook), deploy)
    dag = build_dag(msgspec.structs.replace(web_shop(), stages=stages))

    assert after(dag, "Build.onSuccess") == {"Build.enter", "Build.Test"}
    assert after(dag, "Build.done") == {"Build.enter", "Build.onSuccess"}
    assert "Build.onSuccess" in after(dag, "Build.exit")


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
    assert kinds["Deploy.beforeEntry"] is StageConditionOperator
    assert kinds["Deploy.onFailure"] is FailureConditionOperator
    gate = dag.task_dict["Build.enter"].trigger_kwargs
    assert (gate["mode"], gate["enter_task"], gate["exit_task"]) == ("QUEUED", "Build.enter", "Build.exit")
    assert gate["run_task"] == "Source.exit"
