from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from botocore.stub import ANY, Stubber

from airflow_codepipeline.actions.base import AwsIdentity
from airflow_codepipeline.aws.clients import CLIENTS
from airflow_codepipeline.aws.event_bus import EventBus
from airflow_codepipeline.errors import TransientError
from airflow_codepipeline.events.subject import Subject
from airflow_codepipeline.execution.start import Trigger

REGION = "eu-west-1"
SUBJECT = Subject(
    dag_id="shop",
    run_id="one",
    home="Source.exit",
    attempt=1,
    pipeline="shop",
    execution_id="one",
    version=1,
    started="2026-03-01T12:00:00+00:00",
    trigger=Trigger(trigger_type="Webhook"),
    stages=(),
    role_arn="arn:aws-cn:iam::123456789012:role/shop",
)


pytestmark = pytest.mark.usefixtures("fresh_clients")


@pytest.fixture
def stubber():
    client = CLIENTS.get(AwsIdentity(region=REGION), "one", "events", REGION)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
    client.close()


def message(number: int, characters: int = 1) -> dict:
    detail = {"number": number, "text": "x" * characters}
    return {"type": "A Change", "at": "2026-03-01T12:00:00+00:00", "detail": detail}


def bus(name: str = "releases") -> EventBus:
    return EventBus(SUBJECT, region=REGION, connection_id=None, bus=name, source="airflow.codepipeline")


def taken(count: int) -> dict:
    return {"FailedEntryCount": 0, "Entries": [{"EventId": str(number)} for number in range(count)]}


def test_an_event_says_whose_it_is_and_of_which_pipeline(stubber):
    entry = {
        "Time": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "Source": "airflow.codepipeline",
        "Resources": ["arn:aws-cn:codepipeline:eu-west-1:123456789012:shop"],
        "DetailType": "A Change",
        "Detail": json.dumps(message(1)["detail"]),
        "EventBusName": "releases",
    }
    stubber.add_response("put_events", taken(1), {"Entries": [entry]})

    assert bus().deliver([message(1)]) == ([], None)


def test_no_call_has_more_than_ten_events_or_256_kilobytes(stubber):
    for count in (10, 2, 1):
        stubber.add_response("put_events", taken(count), {"Entries": [ANY] * count})

    assert bus().deliver([*map(message, range(10)), *(message(n, 100_000) for n in range(3))]) == ([], None)


def test_what_the_bus_does_not_take_remains_with_all_that_follows(stubber):
    answer = taken(10)
    answer["Entries"][3] = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
    stubber.add_response("put_events", answer, {"Entries": [ANY] * 10})
    messages = [message(number) for number in range(12)]

    undelivered, error = bus().deliver(messages)

    assert undelivered == [messages[3], *messages[10:]]
    assert isinstance(error, TransientError)
    assert error.code == "ThrottlingException"


def test_everything_remains_where_the_bus_does_not_answer(stubber):
    stubber.add_client_error("put_events", "ResourceNotFoundException", "no such bus")

    undelivered, error = bus().deliver([message(1)])

    assert undelivered == [message(1)]
    assert error is not None
    assert "no such bus" in error.message
