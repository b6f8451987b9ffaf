"""What is read of a deployed stack, call by call; tests/run has a real one."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import Stubber

from airflow_codepipeline.aws.account import Account
from airflow_codepipeline.aws.credentials import _prepare
from airflow_codepipeline.aws.deployed_stack import read_stack

STACK_ID = "arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/1"
INNER = "arn:aws:cloudformation:eu-west-1:111122223333:stack/inner/2"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def described(name, stack_id, **more):
    return {
        "StackName": name,
        "StackId": stack_id,
        "CreationTime": NOW,
        "StackStatus": "CREATE_COMPLETE",
        **more,
    }


def resource(name, kind, physical_id):
    return {
        "LogicalResourceId": name,
        "ResourceType": kind,
        "PhysicalResourceId": physical_id,
        "LastUpdatedTimestamp": NOW,
        "ResourceStatus": "CREATE_COMPLETE",
    }


BUCKET = resource("Bucket", "AWS::S3::Bucket", "artifacts")
NETWORK = resource("Network", "AWS::CloudFormation::Stack", INNER)


@pytest.fixture
def stub(monkeypatch):
    session = boto3.Session("test", "test", region_name="eu-west-1")
    _prepare(session._session)
    client = session.client("cloudformation")
    monkeypatch.setattr(Account, "client", lambda *_: client)
    with Stubber(client) as stub:
        stub.add_response("describe_stacks", {"Stacks": [described("shop", STACK_ID)]}, {"StackName": "shop"})
        yield stub
        stub.assert_no_pending_responses()
    client.close()


def resources(stub, *pages):
    for number, page in enumerate(pages):
        more = {"NextToken": str(number + 1)} if number + 1 < len(pages) else {}
        token = {"NextToken": str(number)} if number else {}
        stub.add_response(
            "list_stack_resources",
            {"StackResourceSummaries": page, **more},
            {"StackName": STACK_ID, **token},
        )


def read(template=None):
    return read_stack("shop", template=template, region="eu-west-1", profile=None)


def test_every_page_of_resources_is_read_and_the_outputs_of_nested_stacks(stub):
    outputs = [{"OutputKey": "Vpc", "OutputValue": "vpc-1"}]
    resources(stub, [BUCKET], [NETWORK])
    stub.add_response(
        "describe_stacks", {"Stacks": [described("inner", INNER, Outputs=outputs)]}, {"StackName": INNER}
    )

    stack = read("Resources: {}")

    assert [item["LogicalResourceId"] for item in stack["resources"]] == ["Bucket", "Network"]
    assert stack["nested"] == {INNER: outputs}
    assert (stack["template"], stack["exports"], stack["refused"]) == ("Resources: {}", [], [])


@pytest.mark.parametrize(
    ("body", "text"), [("Resources: {}\n", "Resources: {}\n"), ('{"Resources": {}}', '{"Resources": {}}')]
)
def test_without_a_file_the_processed_template_is_read(body, text, stub):
    stub.add_response(
        "get_template", {"TemplateBody": body}, {"StackName": STACK_ID, "TemplateStage": "Processed"}
    )
    resources(stub, [BUCKET])

    assert read()["template"] == text


def test_exports_are_listed_for_a_template_that_imports_something(stub):
    resources(stub, [BUCKET])
    stub.add_response("list_exports", {"Exports": [{"Name": "role", "Value": "arn:x"}]}, {})

    assert read("!ImportValue role")["exports"] == [{"Name": "role", "Value": "arn:x"}]


def test_exports_that_may_not_be_listed_are_left_out(stub):
    resources(stub, [BUCKET])
    stub.add_client_error("list_exports", "AccessDenied", "not authorized", 403)

    stack = read("!ImportValue role")

    assert stack["exports"] == []
    assert stack["refused"][0].startswith("ListExports: not authorized")


def test_resources_that_may_not_be_listed_are_an_error(stub):
    stub.add_client_error("list_stack_resources", "AccessDenied", "not authorized", 403)

    failed = read("Resources: {}")["failed"]

    assert failed["name"] == "stack shop"
    assert failed["message"].startswith("ListStackResources: not authorized")
