"""Requests and answers by botocore's model: what is private in botocore is pinned here."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from botocore.parsers import JSONParser
from botocore.serialize import JSONSerializer

from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.web.aws_json import error_status, read_input, service_model, write_output
from airflow_codepipeline.web.constraints import violations

START = service_model().operation_model("StartPipelineExecution")
STATE = service_model().operation_model("GetPipelineState")
APPROVAL = service_model().operation_model("PutApprovalResult")


def test_botocore_still_has_what_we_use_of_it():
    assert callable(JSONParser._parse_shape)
    assert callable(JSONSerializer._serialize)
    assert callable(JSONSerializer._serialize_type_timestamp)


def test_a_request_is_read_by_the_names_of_the_api_and_unknown_ones_are_left_out():
    body = {"name": "shop", "variables": [{"name": "Kind", "value": "x"}], "unknown": 1}
    assert read_input(START, json.dumps(body).encode()) == {
        "name": "shop",
        "variables": [{"name": "Kind", "value": "x"}],
    }


def test_an_answer_is_written_with_moments_as_seconds():
    moment = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
    body = write_output(STATE, {"pipelineName": "shop", "created": moment, "stageStates": []})
    assert json.loads(body) == {
        "pipelineName": "shop",
        "created": round(moment.timestamp(), 3),
        "stageStates": [],
    }


@pytest.mark.parametrize(
    "output", [{"pipelineName": 7}, {"stageStates": [{"latestExecution": {"status": "Failed"}}]}, {"more": 1}]
)
def test_an_answer_that_the_api_does_not_promise_is_an_error_of_ours(output):
    with pytest.raises((ValueError, KeyError)):
        write_output(STATE, output)


@pytest.mark.parametrize(
    ("operation", "body", "expected"),
    [
        (STATE, {}, "Value null at 'name' failed to satisfy constraint: Member must not be null"),
        (
            STATE,
            {"name": ""},
            "Value '' at 'name' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            STATE,
            {"name": "x" * 101},
            f"Value '{'x' * 101}' at 'name' failed to satisfy constraint: "
            "Member must have length less than or equal to 100",
        ),
        (
            START,
            {"name": "shop", "variables": [{"name": "Kind", "value": ""}]},
            "Value '' at 'variables.1.member.value' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            APPROVAL,
            {
                "pipelineName": "shop",
                "stageName": "Verify",
                "actionName": "Do",
                "result": {"status": "approved", "summary": ""},
                "token": "00000000-0000-4000-8000-000000000000",
            },
            "Value 'approved' at 'result.status' failed to satisfy constraint: "
            "Member must satisfy enum value set: [Approved, Rejected]",
        ),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_aws(operation, body, expected):
    found = violations(operation.input_shape, body)
    assert expected in found


def test_true_is_no_number():
    with pytest.raises(Refusal, match="maxResults must be a integer"):
        violations(
            service_model().operation_model("ListPipelineExecutions").input_shape,
            {"pipelineName": "shop", "maxResults": True},
        )


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ConflictException", 409),
        ("ValidationException", 400),
        ("AccessDeniedException", 400),
        ("InternalFailure", 500),
    ],
)
def test_every_error_has_its_status(code, status):
    assert error_status(code) == status
