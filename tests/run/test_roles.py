"""Roles, external ids and session policies, against a MiniStack that enforces IAM."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import uuid
from pathlib import Path

import boto3
import msgspec
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from airflow_codepipeline.actions.registry import open_session
from airflow_codepipeline.aws.clients import CLIENTS
from airflow_codepipeline.errors import ActionError
from fixtures.attempts import attempt, reference

pytestmark = pytest.mark.slow
ACCOUNT = "000000000000"
START_SECONDS = 60


def client(url: str, service: str, **keys: str):
    keys = keys or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
    return boto3.client(service, region_name="eu-west-1", endpoint_url=url, config=config, **keys)


@pytest.fixture(scope="module")
def enforcing(embedded_aws, tmp_path_factory):
    """The address of a MiniStack with AUTH=true; the embedded AWS has made its environment."""
    local = Path(os.environ.get("CODEPIPELINE_LOCAL_DIR", Path(__file__).parents[2] / ".local"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"AUTH": "true", "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("AWS_")
    } | settings
    folder, url = tmp_path_factory.mktemp("ministack"), f"http://127.0.0.1:{port}"
    command = [str(local / "ministack-venv" / "bin" / "ministack")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            client(url, "sts").get_caller_identity()
        except (BotoCoreError, ClientError):
            assert time.monotonic() < deadline, "MiniStack did not start"
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def url(enforcing, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", enforcing)
    CLIENTS.clear()
    yield enforcing
    CLIENTS.clear()


@pytest.fixture
def bucket(url) -> str:
    name = f"store-{uuid.uuid4().hex[:8]}"
    client(url, "s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return name


@pytest.fixture
def role(url):
    def make(*actions: str, external_id: str | None = None) -> str:
        name, iam = f"role-{uuid.uuid4().hex[:8]}", client(url, "iam")
        trust = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "sts:AssumeRole",
        }
        if external_id:
            trust["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
        grant = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
        iam.put_role_policy(RoleName=name, PolicyName="grant", PolicyDocument=policy(grant))
        return f"arn:aws:iam::{ACCOUNT}:role/{name}"

    return make


def policy(statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def session(*roles: str, connection: str | None = None, **more):
    context = attempt("Invoke", "Lambda", {}, roles=roles, **more)
    identity = msgspec.structs.replace(context.identity, connection_id=connection)
    return open_session(msgspec.structs.replace(context, identity=identity, store_identity=identity))


def test_the_actions_role_is_assumed_by_the_pipelines_and_named_after_the_execution(url, role):
    aws = session(role("sts:AssumeRole"), role("sts:GetCallerIdentity"))
    arn = aws.client("sts").get_caller_identity()["Arn"]
    assert arn.endswith(f"/{aws.context.pipeline_execution_id}")
    assert aws.context.identity.roles[1].rpartition("/")[2] in arn


def test_what_the_last_role_may_not_do_is_refused_although_an_earlier_one_may(url, role, bucket):
    aws = session(role("sts:AssumeRole", "s3:*"), role("sqs:ListQueues"))
    with pytest.raises(ActionError, match="AccessDenied: ListObjectsV2"):
        aws.client("s3").list_objects_v2(Bucket=bucket)


def test_a_role_that_is_not_there_is_refused_by_name(url):
    aws = session(f"arn:aws:iam::{ACCOUNT}:role/missing")
    with pytest.raises(ActionError, match=r"AccessDenied: AssumeRole: .*role/missing"):
        aws.client("s3").list_buckets()


def test_an_external_id_of_the_connection_opens_a_role_that_asks_for_it(url, role, bucket, monkeypatch):
    guarded = role("s3:*", external_id="only-us")
    with pytest.raises(ActionError, match="AccessDenied: AssumeRole"):
        session(guarded).client("s3").list_objects_v2(Bucket=bucket)
    connection = {
        "conn_type": "aws",
        "login": "test",
        "password": "test",
        "extra": {"external_id": "only-us", "region_name": "eu-west-1"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_AWS_GUARDED", json.dumps(connection))
    aws = session(guarded, connection="aws_guarded")
    assert aws.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_jobs_credentials_reach_its_artifacts_and_nothing_else(url, role, bucket):
    s3 = client(url, "s3")
    mine, other = (msgspec.structs.replace(reference(name), bucket=bucket) for name in ("Mine", "Other"))
    for artifact in (mine, other):
        s3.put_object(Bucket=bucket, Key=artifact.key, Body=b"content")
    aws = session(role("s3:*", "kms:*"), inputs=[mine], outputs=["Out"], store=bucket)
    given = aws.artifact_credentials()
    limited = client(
        url,
        "s3",
        aws_access_key_id=given["accessKeyId"],
        aws_secret_access_key=given["secretAccessKey"],
        aws_session_token=given["sessionToken"],
    )
    assert limited.get_object(Bucket=bucket, Key=mine.key)["Body"].read() == b"content"
    limited.put_object(Bucket=bucket, Key=aws.context.output_locations[0].key, Body=b"made")
    with pytest.raises(ClientError, match="AccessDenied"):
        limited.get_object(Bucket=bucket, Key=other.key)
    with pytest.raises(ClientError, match="AccessDenied"):
        limited.put_object(Bucket=bucket, Key=other.key, Body=b"overwritten")
