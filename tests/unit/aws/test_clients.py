from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.stub import Stubber

from airflow_codepipeline.actions.base import AwsIdentity
from airflow_codepipeline.aws.clients import Clients
from airflow_codepipeline.errors import ActionError, TransientError

HERE = AwsIdentity(region="eu-west-1")


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def test_a_client_is_made_once_for_an_identity_a_service_and_a_region():
    clients = Clients()
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(lambda _: clients.get(HERE, "run", "s3", "eu-west-1"), range(16)))
    assert len(made) == 1
    assert clients.get(HERE, "run", "s3", "us-east-1") not in made


def test_executions_share_clients_unless_their_sessions_carry_a_roles_name():
    clients, role = Clients(), AwsIdentity(region="eu-west-1", roles=("arn:aws:iam::123456789012:role/r",))
    assert clients.get(HERE, "one", "sqs", "eu-west-1") is clients.get(HERE, "two", "sqs", "eu-west-1")
    assert clients.get(role, "one", "sqs", "eu-west-1") is not clients.get(role, "two", "sqs", "eu-west-1")


def test_a_call_that_aws_refuses_raises_our_error():
    client = Clients().get(HERE, "run", "codebuild", "eu-west-1")
    with Stubber(client) as stub:
        stub.add_client_error("batch_get_builds", "InvalidInputException", "No", http_status_code=400)
        stub.add_client_error("batch_get_builds", "ThrottlingException", "Slow", http_status_code=400)
        with pytest.raises(ActionError, match="InvalidInputException: BatchGetBuilds: No"):
            client.batch_get_builds(ids=["a"])
        with pytest.raises(TransientError):
            client.batch_get_builds(ids=["a"])


def test_a_pager_raises_our_error_too():
    client = Clients().get(HERE, "run", "s3", "eu-west-1")
    with Stubber(client) as stub:
        stub.add_client_error("list_object_versions", "NoSuchBucket", "No", http_status_code=404)
        with pytest.raises(ActionError, match="NoSuchBucket"):
            list(client.get_paginator("list_object_versions").paginate(Bucket="b"))


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
def test_an_endpoint_of_the_environment_is_used_with_path_style_addresses(monkeypatch, variable):
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    client = Clients().get(HERE, "run", "s3", "eu-west-1")
    address = client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "key"})
    assert address.startswith("http://127.0.0.1:9/bucket/key?")


def test_without_an_endpoint_buckets_are_addressed_as_aws_does():
    client = Clients().get(HERE, "run", "s3", "eu-west-1")
    address = client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "key"})
    assert address.startswith("https://bucket.s3")


def test_lambda_is_not_called_again_by_the_client_itself():
    retries = Clients().get(HERE, "run", "lambda", "eu-west-1").meta.config.retries
    assert retries["total_max_attempts"] == 1
