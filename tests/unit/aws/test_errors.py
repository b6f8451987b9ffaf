from __future__ import annotations

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from airflow_codepipeline.actions.base import CONNECTION_LOST
from airflow_codepipeline.aws.errors import translated
from airflow_codepipeline.errors import ActionError, TransientError


def refusal(code: str, status: int = 400) -> ClientError:
    response = {
        "Error": {"Code": code, "Message": "Something is wrong"},
        "ResponseMetadata": {"RequestId": "req-1", "HTTPStatusCode": status},
    }
    return ClientError(response, "StartBuild")


def test_a_refusal_keeps_awss_code_and_says_operation_reason_and_request():
    error = translated(refusal("AccessDeniedException"), "StartBuild")
    assert type(error) is ActionError
    assert str(error) == "AccessDeniedException: StartBuild: Something is wrong (request id req-1)"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottlingException", 400),
        ("Throttling", 400),
        ("SlowDown", 503),
        ("TooManyRequestsException", 429),
        ("RequestTimeout", 400),
        ("InternalFailure", 500),
        ("SomethingNew", 500),
        ("SomethingNew", 429),
    ],
)
def test_what_may_succeed_later_is_transient(code, status):
    assert isinstance(translated(refusal(code, status), "StartBuild"), TransientError)


@pytest.mark.parametrize("code", ["ValidationException", "AccountLimitExceededException", "NoSuchBucket"])
def test_what_stays_wrong_is_not_transient(code):
    assert not isinstance(translated(refusal(code), "StartBuild"), TransientError)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (EndpointConnectionError(endpoint_url="http://x"), "SystemUnavailable"),
        (ConnectTimeoutError(endpoint_url="http://x"), "SystemUnavailable"),
        (ReadTimeoutError(endpoint_url="http://x"), CONNECTION_LOST),
        (ResponseParserError("invalid XML received"), CONNECTION_LOST),
        (ConnectionClosedError(endpoint_url="http://x"), CONNECTION_LOST),
    ],
)
def test_a_call_that_was_not_answered_is_transient_and_told_from_one_that_was_not_sent(error, code):
    found = translated(error, "GetObject")
    assert isinstance(found, TransientError)
    assert found.code == code


@pytest.mark.parametrize("error", [NoCredentialsError(), ParamValidationError(report="no")])
def test_missing_credentials_and_malformed_calls_are_configuration_errors(error):
    found = translated(error, "GetObject")
    assert (type(found), found.code) == (ActionError, "ConfigurationError")
