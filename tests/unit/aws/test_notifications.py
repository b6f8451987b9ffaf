from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from botocore.stub import Stubber

from airflow_codepipeline.aws.clients import CLIENTS
from airflow_codepipeline.aws.notifications import approval_message, publish_approval
from fixtures.attempts import EXECUTION, attempt

TOPIC = "arn:aws:sns:us-east-1:123456789012:approvals"


pytestmark = pytest.mark.usefixtures("fresh_clients")


def message(context):
    return approval_message(
        context,
        token="token",
        expires=datetime(2026, 7, 7, 20, 22, 33, tzinfo=UTC),
        review_link="https://airflow/review",
        console_link="https://airflow/pipeline",
    )


def test_the_message_is_the_one_that_codepipeline_sends():
    configuration = {
        "NotificationArn": TOPIC,
        "CustomData": "Look closely",
        "ExternalEntityLink": "https://x",
    }
    context = attempt("Approval", "Manual", configuration)
    client = CLIENTS.get(context.identity, EXECUTION, "sns", "us-east-1")
    sent = {
        "region": "eu-west-1",
        "consoleLink": "https://airflow/pipeline",
        "approval": {
            "pipelineName": "pipeline",
            "stageName": "TheStage",
            "actionName": "TheAction",
            "token": "token",
            "expires": "2026-07-07T20:22Z",
            "externalEntityLink": "https://x",
            "approvalReviewLink": "https://airflow/review",
            "customData": "Look closely",
        },
    }
    subject = "APPROVAL NEEDED: AWS CodePipeline pipeline for action TheAction"
    with Stubber(client) as stub:
        expected = {"TopicArn": TOPIC, "Subject": subject, "Message": json.dumps(sent, separators=(",", ":"))}
        stub.add_response("publish", {"MessageId": "1"}, expected)
        publish_approval(context, message(context))
        stub.assert_no_pending_responses()


def test_an_approval_without_a_topic_tells_nobody():
    context = attempt("Approval", "Manual", {})
    publish_approval(context, message(context))
