"""The CodePipeline API of a real Airflow, by AWS's own client: started, watched, approved and listed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from botocore.exceptions import ClientError

from fixtures.airflow_run import Run, wait_until
from fixtures.codepipeline_api import client_of

if TYPE_CHECKING:
    from fixtures.airflow_run import Airflow
    from fixtures.puppet import Puppets

pytestmark = pytest.mark.slow

REVIEWED = "reviewed"
APPROVAL = {"pipelineName": REVIEWED, "stageName": "Verify", "actionName": "Sign"}


@pytest.fixture(scope="module")
def airflow(airflow_server: Airflow) -> Airflow:
    airflow_server.wait_until_known(REVIEWED)
    return airflow_server


@pytest.fixture(scope="module")
def codepipeline(airflow: Airflow) -> Any:
    with contextlib.closing(airflow.codepipeline()) as client:
        yield client


@pytest.fixture
def begin(airflow: Airflow, codepipeline):
    """Starts executions through the API, and ends those that a test that failed has left."""
    started = []

    def start(**variables: str) -> Run:
        given = [{"name": name, "value": value} for name, value in variables.items()]
        answer = codepipeline.start_pipeline_execution(name=REVIEWED, variables=given)
        started.append(Run(airflow, REVIEWED, answer["pipelineExecutionId"]))
        return started[-1]

    yield start
    for run in started:
        if run.state() not in {"success", "failed"}:
            run.end()


def latest(codepipeline, stage: str, action: str) -> dict[str, Any]:
    state = codepipeline.get_pipeline_state(name=REVIEWED)
    actions = next(one["actionStates"] for one in state["stageStates"] if one["stageName"] == stage)
    return next(one.get("latestExecution", {}) for one in actions if one["actionName"] == action)


def refused(call, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def token(codepipeline) -> str:
    wait_until(lambda: "token" in latest(codepipeline, "Verify", "Sign"), lambda: None)
    return str(latest(codepipeline, "Verify", "Sign")["token"])


def test_an_execution_is_started_approved_by_its_token_and_found_again(codepipeline, begin, puppets: Puppets):
    run = begin(Kind="release")
    sign = token(codepipeline)
    approved = {"result": {"status": "Approved", "summary": "looks good"}, "token": sign}
    codepipeline.put_approval_result(**APPROVAL, **approved)
    wrong = approved | {"token": "00000000-0000-4000-8000-000000000000"}
    assert refused(codepipeline.put_approval_result, **APPROVAL, **wrong) == "InvalidApprovalTokenException"
    again = refused(codepipeline.put_approval_result, **APPROVAL, **approved)
    assert again == "ApprovalAlreadyCompletedException"
    puppets.say(run.run_id, "Deploy.Out", "succeed")
    assert run.wait_until_ended() == "success"

    names = {"pipelineName": REVIEWED, "pipelineExecutionId": run.run_id}
    found = codepipeline.get_pipeline_execution(**names)["pipelineExecution"]
    assert found["status"] == "Succeeded"
    assert found["variables"] == [{"name": "Kind", "resolvedValue": "release"}]
    assert found["trigger"] == {"triggerType": "StartPipelineExecution", "triggerDetail": "admin"}
    [newest, *_] = codepipeline.list_pipeline_executions(pipelineName=REVIEWED)["pipelineExecutionSummaries"]
    assert (newest["pipelineExecutionId"], newest["status"]) == (run.run_id, "Succeeded")
    signed = latest(codepipeline, "Verify", "Sign")
    assert (signed["status"], signed["summary"], signed["lastUpdatedBy"]) == (
        "Succeeded",
        "looks good",
        "admin",
    )
    chosen = {"pipelineName": REVIEWED, "filter": {"pipelineExecutionId": run.run_id}}
    actions = codepipeline.list_action_executions(**chosen)["actionExecutionDetails"]
    assert [one["actionName"] for one in actions] == ["Out", "Sign", "Take"]
    assert actions[0]["input"]["resolvedConfiguration"] == {"Note": f"{run.run_id}.Source.Take.1"}
    assert actions[0]["output"]["outputVariables"]["Job"] == f"{run.run_id}.Deploy.Out.1"
    [rule] = codepipeline.list_rule_executions(**chosen)["ruleExecutionDetails"]
    assert (rule["ruleName"], rule["status"]) == ("IsRelease", "Succeeded")


def test_a_failure_says_why_and_is_kept_when_the_action_is_run_again(codepipeline, begin, puppets: Puppets):
    run = begin(Kind="release")
    approved = {"result": {"status": "Approved", "summary": ""}, "token": token(codepipeline)}
    codepipeline.put_approval_result(**APPROVAL, **approved)
    puppets.say(run.run_id, "Deploy.Out", "fail")
    assert run.wait_until_ended() == "failed"
    why = {"code": "JobFailed", "message": "the test says so"}
    assert latest(codepipeline, "Deploy", "Out")["errorDetails"] == why

    names = {"pipelineName": REVIEWED, "stageName": "Deploy", "pipelineExecutionId": run.run_id}
    codepipeline.retry_stage_execution(**names, retryMode="FAILED_ACTIONS")
    puppets.say(run.run_id, "Deploy.Out", "succeed", 2)
    assert run.wait_until_ended() == "success"

    chosen = {"pipelineName": REVIEWED, "filter": {"pipelineExecutionId": run.run_id}}
    actions = codepipeline.list_action_executions(**chosen)["actionExecutionDetails"]
    again, first = [one for one in actions if one["actionName"] == "Out"]
    assert (first["status"], again["status"]) == ("Failed", "Succeeded")
    assert first["actionExecutionId"] != again["actionExecutionId"]
    assert first["output"]["executionResult"]["externalExecutionId"] == f"{run.run_id}.Deploy.Out.1"
    assert first["output"]["executionResult"]["errorDetails"] == why


def test_a_rejection_and_a_condition_that_is_not_met_say_why(codepipeline, begin):
    run = begin(Kind="release")
    rejected = {"result": {"status": "Rejected", "summary": "not today"}, "token": token(codepipeline)}
    codepipeline.put_approval_result(**APPROVAL, **rejected)
    assert run.wait_until_ended() == "failed"
    signed = latest(codepipeline, "Verify", "Sign")
    assert (signed["status"], signed["summary"]) == ("Failed", "not today")

    run = begin(Kind="beta")
    assert run.wait_until_ended() == "failed"
    state = codepipeline.get_pipeline_state(name=REVIEWED)
    verify = next(one for one in state["stageStates"] if one["stageName"] == "Verify")
    assert verify["latestExecution"] == {
        "pipelineExecutionId": run.run_id,
        "status": "Failed",
        "type": "STANDARD",
    }
    shown = verify["beforeEntryConditionState"]["latestExecution"]
    assert shown["status"] == "Failed"
    assert "IsRelease" in shown["summary"]


def test_the_endpoint_wants_a_login_of_airflows(airflow: Airflow):
    for token, code in (
        ("nonsense", "UnrecognizedClientException"),
        (None, "MissingAuthenticationTokenException"),
    ):
        with contextlib.closing(client_of(airflow.server.url, token)) as client:
            assert refused(client.get_pipeline_state, name=REVIEWED) == code
    assert httpx.get(f"{airflow.server.url}/api/v2/version").status_code == 200
