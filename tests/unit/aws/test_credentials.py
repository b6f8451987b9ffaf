from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import Stubber

from airflow_codepipeline.aws import credentials
from airflow_codepipeline.aws.credentials import assume, assume_role, login, session_name

ROLE = "arn:aws:iam::123456789012:role/pipeline"


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "base")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def granted(name: str, hours: int = 1) -> dict:
    return {
        "Credentials": {
            "AccessKeyId": f"ASIA{name:>016}",
            "SecretAccessKey": "secret",
            "SessionToken": "token",
            "Expiration": datetime.now(UTC) + timedelta(hours=hours),
        }
    }


@pytest.mark.parametrize(
    "execution", ["0c3f1f0e-8d5e-4f5b-9d0f-0f8c4f0e8d5e", "manual__2026-01-01T00:00:00+00:00", "x" * 80, "a"]
)
def test_any_execution_id_becomes_a_legal_session_name(execution):
    assert re.fullmatch(r"[\w+=,.@-]{2,64}", session_name(execution), re.ASCII)


def test_a_role_is_assumed_when_it_is_first_needed_and_again_before_it_expires(monkeypatch):
    base = login(None)
    sts = base.client("sts", "eu-west-1", credentials.STS_CONFIG)
    monkeypatch.setattr(type(base), "client", lambda *_: sts)
    with Stubber(sts) as stub:
        assumed = assume(base, ROLE, region="eu-west-1", name="execution")
        expected = {"RoleArn": ROLE, "RoleSessionName": "execution"}
        stub.add_response("assume_role", granted("1", hours=0), expected)
        stub.add_response("assume_role", granted("2"), expected)
        found = assumed.session.get_credentials()
        with pytest.raises(RuntimeError, match="refreshed credentials are still expired"):
            found.get_frozen_credentials()
        assert found.get_frozen_credentials().access_key.endswith("2")
        stub.assert_no_pending_responses()


def test_the_external_id_and_a_session_policy_are_passed_on():
    sts = login(None).client("sts", "eu-west-1", credentials.STS_CONFIG)
    with Stubber(sts) as stub:
        stub.add_response(
            "assume_role",
            granted("1"),
            {"RoleArn": ROLE, "RoleSessionName": "name", "ExternalId": "me", "Policy": "{}"},
        )
        assume_role(sts, ROLE, name="name", external_id="me", policy="{}")


def test_a_connection_gives_credentials_endpoints_and_the_external_id(monkeypatch):
    monkeypatch.setenv(
        "AIRFLOW_CONN_AWS_TEST",
        '{"conn_type": "aws", "login": "of-the-connection", "password": "secret", "extra": {"endpoint_url":'
        ' "http://127.0.0.1:9", "service_config": {"s3": {"endpoint_url": "http://127.0.0.1:8"}},'
        ' "external_id": "me"}}',
    )
    found = login("aws_test")
    assert found.session.get_credentials().access_key == "of-the-connection"
    assert found.external_id == "me"
    assert found.client("sqs", "eu-west-1", credentials.STS_CONFIG).meta.endpoint_url == "http://127.0.0.1:9"
    assert found.client("s3", "eu-west-1", credentials.STS_CONFIG).meta.endpoint_url == "http://127.0.0.1:8"
