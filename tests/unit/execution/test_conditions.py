"""What becomes of a stage by its conditions."""

from __future__ import annotations

import msgspec
import pytest

from airflow_codepipeline.definition.model import Stage
from airflow_codepipeline.execution.conditions import (
    ConditionStatus,
    RuleStatus,
    condition_of,
    has_task,
    is_engaged,
    result_of,
    retry_mode_of,
    status_of,
)

SUCCEEDED, FAILED, ERRORED = ConditionStatus.SUCCEEDED, ConditionStatus.FAILED, ConditionStatus.ERRORED
RULE = {"name": "R", "ruleTypeId": {"provider": "VariableCheck"}}


def stage(**hooks) -> Stage:
    return msgspec.convert({"name": "Deploy", "actions": [], **hooks}, Stage)


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ([], "Succeeded"),
        (["Succeeded", "Succeeded"], "Succeeded"),
        (["Succeeded", "Failed"], "Failed"),
        (["Failed", "InProgress"], "InProgress"),
    ],
)
def test_a_condition_is_met_when_all_its_rules_succeeded(rules, status):
    assert status_of([RuleStatus(rule) for rule in rules]) == status


def test_a_rule_that_could_not_be_evaluated_is_an_error_of_the_condition():
    assert status_of([RuleStatus.FAILED, RuleStatus.SUCCEEDED], errored=True) is ERRORED


@pytest.mark.parametrize("hook", ["BEFORE_ENTRY", "ON_SUCCESS"])
@pytest.mark.parametrize(
    ("status", "result", "engaged"),
    [
        (SUCCEEDED, "FAIL", False),
        (FAILED, "FAIL", True),
        (FAILED, None, True),
        (FAILED, "SKIP", True),
        (FAILED, "ROLLBACK", True),
        (ERRORED, "FAIL", True),
        (ERRORED, None, True),
        (ERRORED, "SKIP", False),
        (ERRORED, "ROLLBACK", False),
        (ConditionStatus.OVERRIDDEN, "FAIL", False),
    ],
)
def test_a_result_is_engaged_when_the_condition_is_not_met(hook, status, result, engaged):
    assert is_engaged(hook, status, result) is engaged


@pytest.mark.parametrize(
    ("status", "result", "retries", "engaged"),
    [
        (SUCCEEDED, "ROLLBACK", 0, True),
        (SUCCEEDED, "ROLLBACK", 1, True),
        (SUCCEEDED, "RETRY", 0, True),
        (SUCCEEDED, "RETRY", 1, False),
        (SUCCEEDED, None, 0, False),
        (FAILED, "ROLLBACK", 0, False),
        (ERRORED, "RETRY", 0, False),
    ],
)
def test_after_a_failure_a_result_is_engaged_when_the_condition_is_met(status, result, retries, engaged):
    assert is_engaged("ON_FAILURE", status, result, retries=retries) is engaged


def test_the_result_of_a_failure_stands_in_its_condition_or_beside_it():
    beside = stage(onFailure={"result": "ROLLBACK", "conditions": [{"rules": [RULE]}]})
    within = stage(onFailure={"conditions": [{"result": "RETRY", "rules": [RULE]}]})

    assert result_of(beside, "ON_FAILURE") == "ROLLBACK"
    assert (result_of(within, "ON_FAILURE"), retry_mode_of(within)) == ("RETRY", "FAILED_ACTIONS")
    assert condition_of(within, "ON_FAILURE").rules[0].name == "R"


def test_a_retry_says_which_actions_run_again():
    declared = stage(onFailure={"result": "RETRY", "retryConfiguration": {"retryMode": "ALL_ACTIONS"}})
    assert retry_mode_of(declared) == "ALL_ACTIONS"
    assert retry_mode_of(stage(onFailure={"result": "ROLLBACK"})) is None
    assert retry_mode_of(stage()) is None


def test_a_stage_has_a_task_where_there_is_something_to_decide():
    assert not any(has_task(stage(), hook) for hook in ("BEFORE_ENTRY", "ON_SUCCESS", "ON_FAILURE"))
    assert has_task(stage(beforeEntry={"conditions": [{"rules": [RULE]}]}), "BEFORE_ENTRY")
    assert not has_task(stage(beforeEntry={"conditions": []}), "BEFORE_ENTRY")
    assert has_task(stage(onFailure={"result": "ROLLBACK"}), "ON_FAILURE")
    assert not has_task(stage(onFailure={}), "ON_FAILURE")
