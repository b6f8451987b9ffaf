"""A run's task states in CodePipeline's words."""

from __future__ import annotations

import pytest

from airflow_codepipeline.definition.model import Action, ActionTypeId, Pipeline, Stage
from airflow_codepipeline.execution.status import StageExecutionStatus
from airflow_codepipeline.local.follow import Follower, status_of_stage

STAGE = Stage(name="Build", actions=())


@pytest.mark.parametrize(
    ("enter", "leave", "done", "status"),
    [
        (None, None, None, None),
        ("deferred", None, None, None),
        ("skipped", "skipped", "skipped", None),
        ("upstream_failed", "upstream_failed", "upstream_failed", None),
        ("success", None, None, StageExecutionStatus.IN_PROGRESS),
        ("success", "success", "success", StageExecutionStatus.SUCCEEDED),
        ("success", "success", "upstream_failed", StageExecutionStatus.FAILED),
        ("failed", "upstream_failed", "upstream_failed", StageExecutionStatus.FAILED),
    ],
)
def test_a_stage_stands_as_its_gate_and_its_end_say(enter, leave, done, status):
    states = {"Build.enter": enter, "Build.exit": leave, "Build.done": done}
    assert status_of_stage(STAGE, states) is status


def test_a_stage_whose_entry_condition_skipped_its_actions_is_skipped():
    action = Action(name="Go", action_type_id=ActionTypeId(category="Test", provider="CodeBuild"))
    stage = Stage(name="Build", actions=(action,))
    states = {"Build.enter": "success", "Build.beforeEntry": "success", "Build.Go": "skipped"}

    assert status_of_stage(stage, states | {"Build.exit": "success", "Build.done": "success"}) is (
        StageExecutionStatus.SKIPPED
    )


class FakeClient:
    """An Airflow with one run."""

    def __init__(self, states, xcoms):
        self.states = states
        self.xcoms = xcoms
        self.asked = 0

    def run_state(self, *_):
        return "running"

    def task_states(self, *_):
        return self.states

    def xcom(self, dag_id, run_id, task_id, key="return_value"):
        self.asked += 1
        return self.xcoms.get(task_id)


class Told:
    """An observer that keeps what it is told of conditions."""

    def __init__(self):
        self.conditions = []

    def stage(self, *_):
        pass

    def action(self, *_):
        pass

    def condition(self, stage, hook, status, detail=""):
        self.conditions.append((stage, hook, str(status), detail))


def test_a_condition_is_told_while_it_is_evaluated_and_why_it_failed_afterwards():
    rule = {
        "ruleName": "R", "ruleExecutionId": "0", "status": "Failed",
        "errorDetails": {"code": "JobFailed", "message": "no good"},
    }  # fmt: skip
    outcome = {"status": "Failed", "result": "FAIL", "engaged": True, "rules": [rule]}
    client = FakeClient({"Build.enter": "success", "Build.beforeEntry": "deferred"}, {})
    told = Told()
    follower = Follower(Pipeline(name="shop", stages=(STAGE,)), "run", client=client, observer=told)

    follower.look()
    client.states["Build.beforeEntry"] = "failed"
    client.xcoms["Build.beforeEntry"] = outcome
    follower.look()
    follower.look()

    assert told.conditions == [
        ("Build", "beforeEntry", "InProgress", ""),
        ("Build", "beforeEntry", "Failed", "rule R: no good"),
        ("Build", "beforeEntry", "Failed", "rule R: no good"),
    ]
    assert client.asked == 1
