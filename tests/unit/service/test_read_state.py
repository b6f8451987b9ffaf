"""GetPipelineState, from executions in an Airflow database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.approval import approval_token
from airflow_codepipeline.dag.rule_attempt import RuleRecord
from airflow_codepipeline.dag.rule_ledger import KEY as RULE
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.service.read_state import get_pipeline_state
from airflow_codepipeline.service.transitions import disable_stage_transition

from .conftest import attempt_id, keep, shop, took

if TYPE_CHECKING:
    from fixtures.airflow_database import AirflowDatabase


def state_of(database: AirflowDatabase) -> dict[str, dict[str, Any]]:
    with database.session() as session:
        state = get_pipeline_state(session, "ada", pipeline_name="shop")
    assert (state["pipelineName"], state["pipelineVersion"]) == ("shop", 1)
    return {stage["stageName"]: stage for stage in state["stageStates"]}


def actions_of(stage: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {action["actionName"]: action for action in stage["actionStates"]}


def test_a_pipeline_that_has_never_run_shows_its_stages_and_actions(database, pipeline):
    stages = state_of(database)
    assert list(stages) == ["Source", "Build", "Deploy"]
    assert stages["Build"] == {
        "stageName": "Build",
        "inboundTransitionState": {"enabled": True},
        "actionStates": [{"actionName": "Compile"}, {"actionName": "Check"}],
    }


def test_there_is_no_state_of_a_pipeline_that_does_not_exist(database):
    with database.session() as session, pytest.raises(Refusal) as refused:
        get_pipeline_state(session, "ada", pipeline_name="nowhere")
    assert refused.value.code == "PipelineNotFoundException"


def test_each_stage_shows_the_execution_that_entered_it_last(database, pipeline):
    older = took(database.start("shop")).pass_stage("Build", "Deploy").end("success")
    newer = took(database.start("shop")).set(Build__enter="success", Build__Compile="deferred")
    keep(newer, pipeline, "Build.Compile")

    stages = state_of(database)

    shown = {name: stage["latestExecution"] for name, stage in stages.items()}
    assert shown == {
        "Source": {"pipelineExecutionId": newer.id, "status": "Succeeded", "type": "STANDARD"},
        "Build": {"pipelineExecutionId": newer.id, "status": "InProgress", "type": "STANDARD"},
        "Deploy": {"pipelineExecutionId": older.id, "status": "Succeeded", "type": "STANDARD"},
    }
    compiling = actions_of(stages["Build"])["Compile"]["latestExecution"]
    assert compiling["status"] == "InProgress"
    assert compiling["externalExecutionId"] == "build:1"
    assert compiling["actionExecutionId"] == attempt_id(newer, "Build.Compile")
    assert actions_of(stages["Build"])["Check"] == {"actionName": "Check"}


def test_a_source_action_shows_the_revision_it_took(database, pipeline):
    took(database.start("shop"))

    shown = actions_of(state_of(database)["Source"])["Take"]

    assert shown["currentRevision"]["revisionId"] == "a1b2c3"
    assert shown["revisionUrl"] == "https://git.test/a1b2c3"
    assert shown["latestExecution"]["summary"] == "Took it"


def test_executions_that_wait_are_inbound_the_newest_first_of_all(database, pipeline):
    took(database.start("shop")).set(Build__enter="success", Build__Compile="running")
    waiting = [took(database.start("shop")).set(Build__enter="deferred") for _ in range(2)]

    build = state_of(database)["Build"]

    assert [one["pipelineExecutionId"] for one in build["inboundExecutions"]] == [one.id for one in waiting]
    assert build["inboundExecution"] == {
        "pipelineExecutionId": waiting[1].id,
        "status": "InProgress",
        "type": "STANDARD",
    }


def test_a_failed_action_shows_why_it_failed(database, pipeline):
    execution = took(database.start("shop")).set(
        Build__enter="success",
        Build__Compile="failed",
        Build__Check="upstream_failed",
        Build__exit="success",
        Build__done="upstream_failed",
    )
    failure = "shop/Build/Compile failed: JobFailed: The build compile:1 failed: exit 1."
    keep(execution.end("failed"), pipeline, "Build.Compile", failure=failure)

    build = state_of(database)["Build"]

    assert build["latestExecution"]["status"] == "Failed"
    shown = actions_of(build)["Compile"]["latestExecution"]
    assert shown["status"] == "Failed"
    assert shown["errorDetails"] == {"code": "JobFailed", "message": "The build compile:1 failed: exit 1."}
    assert "latestExecution" not in actions_of(build)["Check"]


def test_an_action_that_could_not_begin_shows_why(database, pipeline):
    execution = took(database.start("shop")).set(Build__enter="success", Build__Compile="failed")
    failure = "shop/Build/Compile failed: The variable #{x.Y} has no value: nothing emitted it."
    execution.keep("Build.Compile", "codepipeline_refused", {"generation": 0, "failure": failure})

    shown = actions_of(state_of(database)["Build"])["Compile"]["latestExecution"]

    assert shown["errorDetails"] == {
        "code": "ConfigurationError",
        "message": "The variable #{x.Y} has no value: nothing emitted it.",
    }


def test_what_was_kept_before_a_clear_is_not_shown_afterwards(database, pipeline):
    execution = took(database.start("shop")).set(Build__enter="success")
    execution.set_task("Build.Compile", state="failed", try_number=1)
    keep(execution, pipeline, "Build.Compile", failure="shop/Build/Compile failed: JobFailed: no")
    execution.clear("Build.Compile").set(Build__Compile="running")

    shown = actions_of(state_of(database)["Build"])["Compile"]["latestExecution"]

    assert shown["status"] == "InProgress"
    assert "errorDetails" not in shown
    assert "externalExecutionId" not in shown
    assert shown["actionExecutionId"] == attempt_id(execution, "Build.Compile", generation=1)


def test_an_approval_shows_its_token_as_long_as_it_waits(database, pipeline):
    execution = took(database.start("shop")).pass_stage("Build")
    execution.set(Deploy__enter="success", Deploy__beforeEntry="success").ask("Deploy.Ok")
    keep(execution, pipeline, "Deploy.Ok", job=None)
    token = approval_token(attempt_id(execution, "Deploy.Ok"))

    assert actions_of(state_of(database)["Deploy"])["Ok"]["latestExecution"]["token"] == token

    execution.set_task("Deploy.Ok", state="scheduled", next_method="execute_complete")
    goes_on = actions_of(state_of(database)["Deploy"])["Ok"]["latestExecution"]
    assert goes_on["status"] == "InProgress"
    assert "token" not in goes_on


def test_a_rejected_approval_shows_by_whom_and_why(database, pipeline):
    execution = took(database.start("shop")).pass_stage("Build")
    execution.set(Deploy__enter="success", Deploy__beforeEntry="success", Deploy__Ok="failed")
    keep(execution, pipeline, "Deploy.Ok", job=None)
    execution.push("Deploy.Ok", "approval", {"status": "Rejected", "summary": "Not today", "by": "grace"})

    shown = actions_of(state_of(database)["Deploy"])["Ok"]["latestExecution"]

    assert (shown["status"], shown["summary"], shown["lastUpdatedBy"]) == ("Failed", "Not today", "grace")
    assert "errorDetails" not in shown


def test_an_approval_that_nobody_answered_says_so(database, pipeline):
    execution = took(database.start("shop")).pass_stage("Build")
    execution.set(Deploy__enter="success", Deploy__beforeEntry="success", Deploy__Ok="failed")
    keep(execution, pipeline, "Deploy.Ok", job=None)

    shown = actions_of(state_of(database)["Deploy"])["Ok"]["latestExecution"]

    assert shown["errorDetails"]["message"].startswith("It was not answered by 2026-")


def test_a_condition_shows_its_rules(database, pipeline):
    execution = took(database.start("shop")).pass_stage("Build")
    execution.set(Deploy__enter="success", Deploy__beforeEntry="failed")
    outcome = {"status": "Failed", "result": "FAIL", "engaged": True}
    rule = {"ruleName": "IsRelease", "ruleExecutionId": "r-1", "status": "Failed"}
    rule["errorDetails"] = {"code": "JobFailed", "message": "It is 'beta'."}
    execution.push("Deploy.beforeEntry", "return_value", outcome | {"rules": [rule]})

    shown = state_of(database)["Deploy"]["beforeEntryConditionState"]

    assert shown["latestExecution"] == {"status": "Failed", "summary": "IsRelease: It is 'beta'."}
    [condition] = shown["conditionStates"]
    [rule_state] = condition["ruleStates"]
    assert rule_state["ruleName"] == "IsRelease"
    assert rule_state["latestExecution"]["ruleExecutionId"] == "r-1"
    assert rule_state["latestExecution"]["errorDetails"]["message"] == "It is 'beta'."


def test_a_condition_that_was_overridden_says_by_whom(database, pipeline):
    execution = took(database.start("shop")).pass_stage("Build")
    execution.set(Deploy__enter="success", Deploy__beforeEntry="success")
    outcome = {"status": "Overridden", "result": "FAIL", "engaged": False, "rules": []}
    execution.push("Deploy.beforeEntry", "return_value", outcome)
    execution.push("Deploy.exit", "override.BEFORE_ENTRY", {"by": "ada", "at": "2026-03-01T13:00:00+00:00"})

    shown = state_of(database)["Deploy"]["beforeEntryConditionState"]

    assert shown["latestExecution"] == {"status": "Overridden", "summary": "Overridden by ada."}
    assert shown["conditionStates"][0]["ruleStates"] == [{"ruleName": "IsRelease"}]


def test_transitions_that_cannot_be_read_say_where_they_are(database, pipeline):
    with database.session() as session:
        from airflow.models.variable import Variable

        session.add(Variable(key="codepipeline.transitions.shop", val='{"Deploy": {"enabled": 7}}'))
    with (
        database.session() as session,
        pytest.raises(Refusal, match=r"Variable codepipeline\.transitions\.shop") as refused,
    ):
        get_pipeline_state(session, "ada", pipeline_name="shop")
    assert refused.value.code == "ValidationException"


def test_a_condition_is_in_progress_while_its_task_is(database, pipeline):
    execution = took(database.start("shop")).pass_stage("Build")
    execution.set(Deploy__enter="success", Deploy__beforeEntry="deferred")

    shown = state_of(database)["Deploy"]["beforeEntryConditionState"]

    assert shown["latestExecution"]["status"] == "InProgress"


def test_a_condition_is_abandoned_where_the_execution_is_stopped_while_its_rules_run(database, pipeline):
    execution = took(database.start("shop")).pass_stage("Build")
    execution.set(Deploy__enter="success", Deploy__beforeEntry="upstream_failed")
    begun = RuleRecord(
        rule="IsRelease",
        provider="VariableCheck",
        on_failure=False,
        generation=0,
        rule_execution_id="r-1",
        deadline="2026-03-01T14:00:00+00:00",
    )
    execution.keep("Deploy.beforeEntry", f"{RULE}_0", to_json_value(begun))

    shown = state_of(database)["Deploy"]["beforeEntryConditionState"]

    assert shown["latestExecution"]["status"] == "Abandoned"
    [rule_state] = shown["conditionStates"][0]["ruleStates"]
    assert rule_state["latestExecution"]["status"] == "Abandoned"


def test_a_condition_that_was_never_asked_shows_nothing(database, pipeline):
    execution = took(database.start("shop")).pass_stage("Build")
    execution.set(Deploy__enter="success", Deploy__beforeEntry="upstream_failed")
    assert "beforeEntryConditionState" not in state_of(database)["Deploy"]


def test_a_condition_of_another_definition_is_cancelled(database, pipeline):
    execution = took(database.start("shop")).pass_stage("Build")
    execution.set(Deploy__enter="success", Deploy__beforeEntry="failed")
    execution.push("Deploy.exit", "cancelled", {"reason": "The definition of shop changed."})

    shown = state_of(database)["Deploy"]["beforeEntryConditionState"]

    assert shown["latestExecution"]["status"] == "Cancelled"


def test_a_disabled_transition_says_by_whom_when_and_why(database, pipeline):
    with database.session() as session:
        names_ = {"pipeline_name": "shop", "stage_name": "Deploy", "transition_type": "Inbound"}
        disable_stage_transition(session, "ada", **names_, reason="freeze")

    shown = state_of(database)["Deploy"]["inboundTransitionState"]

    assert (shown["enabled"], shown["lastChangedBy"], shown["disabledReason"]) == (False, "ada", "freeze")
    assert shown["lastChangedAt"].tzinfo is not None


def test_retries_of_a_stage_are_counted(database, pipeline):
    execution = took(database.start("shop")).set(Build__enter="success", Build__Compile="running")
    counted = {"manualStageRetryAttempt": 2, "latestRetryTrigger": "ManualStageRetry"}
    execution.push(names.exit_id("Build"), "retries", counted)

    assert state_of(database)["Build"]["retryStageMetadata"] == counted


def test_a_parallel_pipeline_has_no_state_of_its_own(database):
    database.add_pipeline(shop(executionMode="PARALLEL"))
    took(database.start("shop")).set(Build__enter="success", Build__Compile="running")

    assert state_of(database)["Build"] == {
        "stageName": "Build",
        "inboundTransitionState": {"enabled": True},
        "actionStates": [{"actionName": "Compile"}, {"actionName": "Check"}],
    }
