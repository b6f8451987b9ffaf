from __future__ import annotations

import json

import pytest
from botocore.stub import ANY, Stubber

from airflow_codepipeline.actions.base import AwsIdentity
from airflow_codepipeline.aws.clients import CLIENTS
from airflow_codepipeline.aws.notification_targets import NotificationTargets

from .test_event_bus import REGION, SUBJECT

ARN = "arn:aws:sns:eu-west-1:123456789012:{}"


@pytest.fixture
def stubber(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    CLIENTS.clear()
    client = CLIENTS.get(AwsIdentity(region=REGION), "one", "sns", REGION)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
    client.close()
    CLIENTS.clear()


def message(topic: str, number: int = 0) -> dict:
    return {
        "rule": 0,
        "target": ARN.format(topic),
        "type": "CodePipeline Pipeline Execution State Change",
        "at": "2026-03-01T12:00:00.5+00:00",
        "detail": {"number": number},
        "attributes": {"failedStage": "Build"},
    }


TARGETS = NotificationTargets(SUBJECT, region=REGION, connection_id=None)


def test_a_notification_is_what_aws_sends(stubber):
    said = []
    stubber.add_response("publish", {"MessageId": "1"}, {"TopicArn": ARN.format("releases"), "Message": ANY})
    stubber.client.meta.events.register(
        "provide-client-params.sns.Publish", lambda params, **_: said.append(json.loads(params["Message"]))
    )

    assert TARGETS.deliver([message("releases")]) == ([], None)

    [content] = said
    rule = content.pop("notificationRuleArn")
    assert rule.startswith("arn:aws-cn:codestar-notifications:eu-west-1:123456789012:notificationrule/")
    assert content == {
        "account": "123456789012",
        "detailType": "CodePipeline Pipeline Execution State Change",
        "region": "eu-west-1",
        "source": "aws.codepipeline",
        "time": "2026-03-01T12:00:00Z",
        "detail": {"number": 0},
        "resources": ["arn:aws-cn:codepipeline:eu-west-1:123456789012:shop"],
        "additionalAttributes": {"failedStage": "Build"},
    }


def test_a_fifo_topic_keeps_the_order_of_an_execution(stubber):
    stubber.add_response(
        "publish",
        {"MessageId": "1"},
        {
            "TopicArn": ARN.format("releases.fifo"),
            "Message": ANY,
            "MessageGroupId": "one",
            "MessageDeduplicationId": ANY,
        },
    )

    assert TARGETS.deliver([message("releases.fifo")]) == ([], None)


def test_a_topic_that_cannot_be_told_holds_no_other_up(stubber):
    stubber.add_client_error("publish", "NotFoundException", "no such topic")
    stubber.add_response("publish", {"MessageId": "1"}, {"TopicArn": ARN.format("b"), "Message": ANY})

    undelivered, error = TARGETS.deliver([message("a", 1), message("a", 2), message("b")])

    assert undelivered == [message("a", 1), message("a", 2)]
    assert error is not None
    assert ARN.format("a") in error.message
