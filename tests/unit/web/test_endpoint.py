"""The API over HTTP, by AWS's own client."""

from __future__ import annotations

import json

import httpx
import pytest
from botocore.exceptions import ClientError

from airflow_codepipeline.web import operations
from airflow_codepipeline.web.aws_json import service_model
from airflow_codepipeline.web.endpoint import LARGEST_BODY
from airflow_codepipeline.web.operations import OPERATIONS, Operation
from fixtures.codepipeline_api import client_of

NOBODY = "00000000-0000-4000-8000-000000000000"
TARGET = "CodePipeline_20150709."
SHOP = {
    "name": "shop",
    "pipelineType": "V2",
    "stages": [
        {
            "name": name,
            "actions": [{"name": "Do", "actionTypeId": {"category": category, "provider": provider}}],
        }
        for name, category, provider in (("Source", "Source", "S3"), ("Verify", "Approval", "Manual"))
    ],
}


@pytest.fixture
def shop(database):
    return database.add_pipeline(SHOP)


def error_of(call, **parameters) -> dict:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"] | {
        "status": caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
    }


def post(server, operation="GetPipelineState", *, body=b'{"name": "shop"}', path="/codepipeline", **headers):
    headers = {"X-Amz-Target": f"{TARGET}{operation}", "Authorization": "Bearer ada"} | headers
    return httpx.post(f"{server}{path}", content=body, headers=headers)


@pytest.mark.parametrize("path", ["", "/", "/codepipeline", "/codepipeline/"])
def test_a_client_may_be_given_any_of_the_addresses(server, shop, path):
    state = client_of(server + path, "ada").get_pipeline_state(name="shop")
    assert [stage["stageName"] for stage in state["stageStates"]] == ["Source", "Verify"]
    assert state["created"].tzinfo is not None
    assert state["ResponseMetadata"]["RequestId"]


def test_what_is_not_for_the_api_is_left_to_airflow(server):
    assert httpx.get(server).text == "Airflow"
    assert httpx.post(server).text == "Airflow"
    assert (
        httpx.post(f"{server}/api/v2/x", headers={"X-Amz-Target": f"{TARGET}GetPipelineState"}).text
        == "Airflow"
    )


def test_lists_are_read_page_by_page(codepipeline, database, shop):
    started = [database.start("shop").id for _ in range(5)]
    pages = codepipeline.get_paginator("list_pipeline_executions").paginate(
        pipelineName="shop", PaginationConfig={"PageSize": 2}
    )
    found = [one["pipelineExecutionId"] for page in pages for one in page["pipelineExecutionSummaries"]]
    assert found == list(reversed(started))


def test_a_moment_keeps_its_milliseconds(codepipeline, database, shop):
    execution = database.start("shop")
    execution.set_task("Source.Do", state="success", end_date=execution.began.replace(microsecond=250_000))
    [summary] = codepipeline.list_pipeline_executions(pipelineName="shop")["pipelineExecutionSummaries"]
    assert summary["lastUpdateTime"].microsecond in {0, 250_000}
    assert summary["startTime"] == execution.began


def test_a_refusal_is_the_exception_that_aws_names(codepipeline, shop):
    with pytest.raises(codepipeline.exceptions.PipelineNotFoundException):
        codepipeline.get_pipeline_state(name="nowhere")
    names = {"pipelineName": "shop", "pipelineExecutionId": NOBODY}
    with pytest.raises(codepipeline.exceptions.PipelineExecutionNotFoundException):
        codepipeline.get_pipeline_execution(**names)


def test_a_transition_is_disabled_and_enabled_again(codepipeline, shop):
    names = {"pipelineName": "shop", "stageName": "Verify", "transitionType": "Inbound"}
    codepipeline.disable_stage_transition(**names, reason="release freeze")
    shown = codepipeline.get_pipeline_state(name="shop")["stageStates"][1]["inboundTransitionState"]
    assert shown.pop("lastChangedAt") is not None
    assert shown == {"enabled": False, "lastChangedBy": "ada", "disabledReason": "release freeze"}

    codepipeline.enable_stage_transition(**names)
    shown = codepipeline.get_pipeline_state(name="shop")["stageStates"][1]["inboundTransitionState"]
    assert shown["enabled"] is True


def test_what_changes_something_is_in_the_audit_log(codepipeline, database, shop):
    names = {"pipelineName": "shop", "stageName": "Verify", "transitionType": "Inbound"}
    codepipeline.disable_stage_transition(**names, reason="freeze")
    codepipeline.get_pipeline_state(name="shop")
    with database.session() as session:
        from airflow.models.log import Log

        [entry] = session.query(Log).filter(Log.event.like("codepipeline.%"))
        assert (entry.event, entry.owner, entry.dag_id) == (
            "codepipeline.DisableStageTransition",
            "ada",
            "shop",
        )
        assert json.loads(entry.extra)["reason"] == "freeze"


def test_a_refused_change_leaves_nothing_behind(codepipeline, database, shop):
    names = {"pipelineName": "shop", "stageName": "Nowhere", "transitionType": "Inbound"}
    assert (
        error_of(codepipeline.disable_stage_transition, **names, reason="x")["Code"]
        == "StageNotFoundException"
    )
    with database.session() as session:
        from airflow.models.log import Log

        assert session.query(Log).filter(Log.event.like("codepipeline.%")).count() == 0


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (None, "MissingAuthenticationTokenException"),
        ("expired", "ExpiredTokenException"),
        ("nonsense", "UnrecognizedClientException"),
        ("gone", "AccessDeniedException"),
    ],
)
def test_who_is_not_logged_in_is_refused(server, shop, token, code):
    client = client_of(f"{server}/codepipeline", token)
    assert error_of(client.get_pipeline_state, name="shop")["Code"] == code


def test_a_cookie_is_no_login(server, shop):
    answer = httpx.post(
        f"{server}/codepipeline",
        content=b'{"name": "shop"}',
        headers={"X-Amz-Target": f"{TARGET}GetPipelineState", "Cookie": "_token=ada"},
    )
    assert (answer.status_code, answer.json()["__type"]) == (400, "MissingAuthenticationTokenException")


def test_keys_of_aws_are_not_taken_yet_and_the_answer_says_what_is(server, shop):
    answer = post(server, Authorization="AWS4-HMAC-SHA256 Credential=AKIA/20260301/eu-west-1/codepipeline")
    assert answer.json()["__type"] == "UnrecognizedClientException"
    assert "Authorization: Bearer" in answer.json()["message"]


@pytest.mark.parametrize(
    ("operation", "parameters", "access"),
    [
        ("get_pipeline_state", {"name": "shop"}, ("GET", "RUN")),
        ("list_pipeline_executions", {"pipelineName": "shop"}, ("GET", "RUN")),
        ("start_pipeline_execution", {"name": "shop"}, ("POST", "RUN")),
        (
            "stop_pipeline_execution",
            {"pipelineName": "shop", "pipelineExecutionId": NOBODY},
            ("PUT", "RUN"),
        ),
        (
            "enable_stage_transition",
            {"pipelineName": "shop", "stageName": "Verify", "transitionType": "Inbound"},
            ("PUT", None),
        ),
        (
            "put_approval_result",
            {
                "pipelineName": "shop",
                "stageName": "Verify",
                "actionName": "Do",
                "result": {"status": "Approved", "summary": ""},
                "token": NOBODY,
            },
            ("PUT", "HITL_DETAIL"),
        ),
    ],
)
def test_airflows_permissions_decide_who_may_do_what(
    codepipeline, auth_manager, shop, operation, parameters, access
):
    auth_manager.refused.add(access)
    error = error_of(getattr(codepipeline, operation), **parameters)
    assert error["Code"] == "AccessDeniedException"
    assert "User: ada is not authorized to perform: codepipeline:" in error["Message"]
    assert auth_manager.asked == [(*access, "shop")]


def test_values_outside_their_limits_are_refused_in_the_words_of_aws(server, shop):
    answer = post(server, "ListPipelineExecutions", body=b'{"pipelineName": "bad name!", "maxResults": 101}')
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    assert answer.json() == {
        "__type": "ValidationException",
        "message": "2 validation errors detected: Value 'bad name!' at 'pipelineName' failed to satisfy "
        r"constraint: Member must satisfy regular expression pattern: [A-Za-z0-9.@\-_]+; "
        "Value '101' at 'maxResults' failed to satisfy constraint: "
        "Member must have value less than or equal to 100",
    }


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", "The body must be an object."),
        (b"{", "The body is not JSON"),
        (b"\xff", "The body is not JSON"),
        (b"[" * 100_000, "The body is not JSON"),
        (b'{"name": 7}', "name must be a string."),
    ],
)
def test_a_body_of_another_shape_is_refused(server, shop, body, message):
    answer = post(server, body=body)
    assert (answer.status_code, answer.json()["__type"]) == (400, "SerializationException")
    assert message in answer.json()["message"]


def test_a_body_that_is_too_large_is_not_read_to_its_end(server, shop):
    answer = post(server, body=b" " * (LARGEST_BODY + 1))
    assert (answer.status_code, answer.json()["__type"]) == (413, "RequestEntityTooLarge")


def test_operations_that_are_not_there_yet_say_so(codepipeline, server, shop):
    assert (
        error_of(codepipeline.list_pipelines)["Message"]
        == "The operation ListPipelines is not supported here yet."
    )
    answer = post(server, "Nonsense")
    assert (answer.status_code, answer.json()["__type"]) == (400, "UnknownOperationException")
    answer = httpx.get(f"{server}/codepipeline/")
    assert (answer.status_code, answer.json()["__type"]) == (400, "UnknownOperationException")


def test_a_failure_of_the_server_tells_its_log_and_not_the_client(codepipeline, monkeypatch, shop):
    def fail(*_args, **_more):
        raise RuntimeError("password is hunter2")

    monkeypatch.setattr(operations, "import_module", fail)
    error = error_of(codepipeline.get_pipeline_state, name="shop")
    assert (error["Code"], error["status"]) == ("InternalFailure", 500)
    assert "hunter2" not in error["Message"]


def test_every_operation_of_the_model_that_is_there_has_its_function():
    assert OPERATIONS.keys() <= set(service_model().operation_names)
    for operation in OPERATIONS.values():
        assert isinstance(operation, Operation)
        assert callable(operation.function)


def test_a_conflict_is_409(codepipeline, monkeypatch, shop):
    from airflow_codepipeline.execution.refusal import Refusal
    from airflow_codepipeline.service import retry

    def busy(*_args, **_more):
        raise Refusal("ConflictException", "Try again in a second.")

    monkeypatch.setattr(retry, "retry_stage_execution", busy)
    names = {"pipelineName": "shop", "stageName": "Verify", "pipelineExecutionId": NOBODY}
    error = error_of(codepipeline.retry_stage_execution, **names, retryMode="ALL_ACTIONS")
    assert (error["Code"], error["status"]) == ("ConflictException", 409)
