from __future__ import annotations

import pytest

from airflow_codepipeline.aws import event_queue
from airflow_codepipeline.aws.event_queue import EventQueue
from airflow_codepipeline.changes.delivery import Delivery
from airflow_codepipeline.errors import ActionError


class Sqs:
    """What SQS was asked."""

    def __init__(self) -> None:
        self.asked = []

    def get_queue_url(self, **arguments):
        return {"QueueUrl": f"https://sqs.eu-west-1.amazonaws.com/1/{arguments['QueueName']}"}

    def receive_message(self, **arguments):
        self.asked.append(arguments)
        message = {
            "MessageId": "m",
            "ReceiptHandle": "r",
            "Body": "{}",
            "Attributes": {"SentTimestamp": "17"},
        }
        return {"Messages": [message]} if arguments["WaitTimeSeconds"] else {}

    def delete_message(self, **arguments):
        self.asked.append(arguments)


@pytest.fixture
def sqs(monkeypatch):
    """SQS, and in which region and through which connection it was asked for."""
    made = Sqs()

    def get(identity, _execution, service, region):
        made.asked.append((service, region, identity.connection_id))
        return made

    monkeypatch.setattr(event_queue.CLIENTS, "get", get)
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(variable, raising=False)
    return made


@pytest.mark.parametrize(
    ("queue", "environment", "region"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/changes", None, "eu-west-1"),
        ("https://sqs.eu-west-1.amazonaws.com/111122223333/changes", "us-east-1", "eu-west-1"),
        ("https://eu-west-1.queue.amazonaws.com/111122223333/changes", None, "eu-west-1"),
        ("https://sqs.us-gov-west-1.amazonaws.com/111122223333/changes", None, "us-gov-west-1"),
        ("http://127.0.0.1:4566/000000000000/changes", "us-east-1", "us-east-1"),
        ("changes", "us-east-1", "us-east-1"),
    ],
)
def test_the_queues_address_says_its_region_before_the_environment_does(
    sqs, monkeypatch, queue, environment, region
):
    if environment:
        monkeypatch.setenv("AWS_DEFAULT_REGION", environment)

    EventQueue(queue, "aws_prod")

    assert sqs.asked[0] == ("sqs", region, "aws_prod")


def test_without_a_region_it_says_what_to_set(sqs):
    with pytest.raises(ActionError, match="Give its URL in event_queue"):
        EventQueue("changes")


def test_a_delivery_has_what_it_is_deleted_with(sqs, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    queue = EventQueue("changes")

    [delivery] = queue.receive(wait=10)
    queue.delete(delivery)

    assert delivery == Delivery(message_id="m", body="{}", receipt="r", sent=17)
    assert sqs.asked[-1] == {
        "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/1/changes",
        "ReceiptHandle": "r",
    }
    assert queue.receive(wait=0) == []
