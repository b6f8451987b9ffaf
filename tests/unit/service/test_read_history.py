"""ListActionExecutions and ListRuleExecutions, from executions in an Airflow database."""

from __future__ import annotations

import pytest

from airflow_codepipeline.dag.job_ledger import KEY
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.service import pages
from airflow_codepipeline.service.read_history import list_action_executions, list_rule_executions

from .conftest import action, attempt_id, keep, record, shop, took


def listed(database, **more) -> list[dict]:
    with database.session() as session:
        return list_action_executions(session, "ada", pipeline_name="shop", **more)["actionExecutionDetails"]


def of(details: list[dict], name: str) -> list[dict]:
    return [detail for detail in details if detail["actionName"] == name]


def test_an_action_that_succeeded_has_what_it_left(database, pipeline):
    execution = took(database.start("shop"), revision_id="a1").pass_stage("Build")
    keep(execution, pipeline, "Build.Check")
    result = {"actionExecutionId": attempt_id(execution, "Build.Check"), "externalExecutionId": "build:1"}
    result |= {"variables": {"Score": "9"}, "configuration": {"ProjectName": "check"}, "summary": "good"}
    execution.push("Build.Check", "return_value", result)

    details = listed(database)

    assert [detail["actionName"] for detail in details] == ["Check", "Compile", "Take"]
    check = details[0]
    assert (check["status"], check["stageName"], check["pipelineVersion"]) == ("Succeeded", "Build", 1)
    assert check["output"]["outputVariables"] == {"Score": "9"}
    assert check["output"]["executionResult"] == {
        "externalExecutionId": "build:1",
        "externalExecutionSummary": "good",
    }
    assert check["input"]["resolvedConfiguration"] == {"ProjectName": "check"}
    assert check["input"]["namespace"] == "Checked"
    assert check["input"]["actionTypeId"] == {
        "category": "Build",
        "owner": "AWS",
        "provider": "CodeBuild",
        "version": "1",
    }
    [artifact] = of(details, "Take")[0]["output"]["outputArtifacts"]
    assert artifact == {"name": "App", "s3location": {"bucket": "artifacts", "key": "shop/App/1.zip"}}


def test_actions_that_did_not_run_are_not_listed(database, pipeline):
    took(database.start("shop")).set(Build__enter="success", Build__Compile="failed", Build__Check="skipped")
    assert [detail["actionName"] for detail in listed(database)] == ["Compile", "Take"]


def test_an_action_that_was_run_again_is_listed_with_each_of_its_attempts(database, pipeline):
    execution = took(database.start("shop")).set(Build__enter="success")
    execution.set_task("Build.Compile", state="failed", try_number=1)
    failure = "shop/Build/Compile failed: JobFailed: exit 1"
    first = record(execution, pipeline, "Build.Compile", failure=failure)
    execution.keep("Build.Compile", f"{KEY}.0.1", first)
    execution.clear("Build.Compile")
    execution.set_task("Build.Compile", state="running", try_number=2)
    keep(execution, pipeline, "Build.Compile", generation=1)

    newest, oldest = sorted(
        of(listed(database), "Compile"), key=lambda detail: detail["status"], reverse=True
    )

    assert (oldest["status"], newest["status"]) == ("Failed", "InProgress")
    assert oldest["actionExecutionId"] == attempt_id(execution, "Build.Compile")
    assert newest["actionExecutionId"] == attempt_id(execution, "Build.Compile", generation=1)
    assert oldest["output"]["executionResult"]["errorDetails"] == {"code": "JobFailed", "message": "exit 1"}
    assert oldest["output"]["executionResult"]["externalExecutionId"] == "build:1"


def test_a_try_that_a_crash_ended_is_no_attempt_of_its_own(database, pipeline):
    execution = took(database.start("shop")).set(Build__enter="success")
    execution.set_task("Build.Compile", state="running", try_number=1)
    with database.session() as session:
        from airflow.models.taskinstance import TaskInstance

        task = session.query(TaskInstance).filter_by(run_id=execution.run_id, task_id="Build.Compile").one()
        task.prepare_db_for_next_try(session)
    execution.set_task("Build.Compile", state="success", try_number=2)

    assert len(of(listed(database), "Compile")) == 1


def test_attempts_that_an_action_makes_by_itself_are_listed_each(database):
    retrying = action("Compile", airflow={"retries": 1})
    stages = [shop()["stages"][0], {"name": "Build", "actions": [retrying]}]
    pipeline = database.add_pipeline(shop(stages=stages))
    execution = took(database.start("shop")).set(Build__enter="success", Build__Compile="running")
    failure = "shop/Build/Compile failed: JobFailed: exit 1"
    first = record(execution, pipeline, "Build.Compile", failure=failure)
    execution.keep("Build.Compile", f"{KEY}.0.1", first)
    keep(execution, pipeline, "Build.Compile", attempt=2)

    compiled = of(listed(database), "Compile")

    assert [detail["status"] for detail in compiled] == ["InProgress", "Failed"]
    assert [detail["output"]["executionResult"]["externalExecutionId"] for detail in compiled] == [
        "build:2",
        "build:1",
    ]


def test_an_abandoned_action_is_one(database, pipeline):
    execution = took(database.start("shop")).set(Build__enter="success", Build__Compile="failed")
    stop = {"by": "ada", "at": "2026-03-01T13:00:00+00:00", "abandon": True, "abandoned": ["Build.Compile"]}
    execution.push("Build.exit", "stopped", stop)
    assert of(listed(database), "Compile")[0]["status"] == "Abandoned"


def test_one_execution_is_listed_alone(database, pipeline):
    older, _newer = took(database.start("shop")), took(database.start("shop"))

    [detail] = listed(database, filter={"pipelineExecutionId": older.id})

    assert detail["pipelineExecutionId"] == older.id


def test_the_latest_attempts_are_listed_alone(database, pipeline):
    execution = took(database.start("shop")).set(Build__enter="success")
    execution.set_task("Build.Compile", state="failed", try_number=1).clear("Build.Compile")
    execution.set_task("Build.Compile", state="running", try_number=2)
    inside = {"pipelineExecutionId": execution.id}

    latest = listed(database, filter={"latestInPipelineExecution": inside | {"startTimeRange": "Latest"}})
    everything = listed(database, filter={"latestInPipelineExecution": inside | {"startTimeRange": "All"}})

    assert len(of(latest, "Compile")) == 1
    assert len(of(everything, "Compile")) == 2


def test_a_list_goes_on_within_an_execution(database, pipeline, monkeypatch):
    monkeypatch.setattr(pages, "RUNS_AT_ONCE", 2)
    for _ in range(3):
        took(database.start("shop")).pass_stage("Build")
    everything = [detail["actionExecutionId"] for detail in listed(database)]
    assert len(everything) == 9

    found, token = [], None
    while True:
        with database.session() as session:
            page = list_action_executions(
                session, "ada", pipeline_name="shop", max_results=2, next_token=token
            )
        found += [detail["actionExecutionId"] for detail in page["actionExecutionDetails"]]
        token = page.get("nextToken")
        if token is None:
            break

    assert found == everything


def test_an_execution_that_does_not_exist_is_refused(database, pipeline):
    with pytest.raises(Refusal) as refused:
        listed(database, filter={"pipelineExecutionId": "00000000-0000-4000-8000-000000000000"})
    assert refused.value.code == "PipelineExecutionNotFoundException"


def test_rules_are_listed_with_how_they_ended(database, pipeline):
    execution = took(database.start("shop")).pass_stage("Build")
    execution.set(Deploy__enter="success", Deploy__beforeEntry="failed")
    outcome = {"status": "Failed", "result": "FAIL", "engaged": True}
    rule = {"ruleName": "IsRelease", "ruleExecutionId": "r-1", "status": "Failed", "summary": None}
    rule["errorDetails"] = {"code": "JobFailed", "message": "It is 'beta'."}
    execution.push("Deploy.beforeEntry", "return_value", outcome | {"rules": [rule]})
    with database.session() as session:
        [detail] = list_rule_executions(session, "ada", pipeline_name="shop")["ruleExecutionDetails"]

    assert detail.pop("startTime") < detail.pop("lastUpdateTime")
    assert detail == {
        "pipelineExecutionId": execution.id,
        "ruleExecutionId": "r-1",
        "pipelineVersion": 1,
        "stageName": "Deploy",
        "ruleName": "IsRelease",
        "status": "Failed",
        "input": {
            "ruleTypeId": {
                "category": "Rule",
                "owner": "AWS",
                "provider": "VariableCheck",
                "version": "1",
            },
            "configuration": {"Variable": "#{variables.Kind}", "Value": "release", "Operator": "EQ"},
        },
        "output": {"executionResult": {"errorDetails": {"code": "JobFailed", "message": "It is 'beta'."}}},
    }


def test_rules_that_were_not_evaluated_are_not_listed(database, pipeline):
    took(database.start("shop")).pass_stage("Build")
    with database.session() as session:
        assert list_rule_executions(session, "ada", pipeline_name="shop")["ruleExecutionDetails"] == []
