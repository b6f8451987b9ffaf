"""What becomes of messages on the worker, with Airflow's supervisor and the queue in memory."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from airflow_codepipeline.changes.delivery import Delivery
from airflow_codepipeline.errors import ActionError
from airflow_codepipeline.serving.definitions_at_hand import DefinitionsAtHand
from airflow_codepipeline.serving.dispatching import dispatch
from fixtures.source_events import event, object_created, repository_state, text
from unit.dag.kit import web_shop
from unit.serving.supervised import Supervisor


class Queue:
    """Remembers what is deleted, unless it refuses."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.deleted: list[str] = []
        self.refuses = refuses

    def receive(self, *, wait):
        raise AssertionError(wait)

    def delete(self, delivery):
        if self.refuses:
            raise ActionError("ReceiptHandleIsInvalid", "DeleteMessage: it has expired")
        self.deleted.append(delivery.message_id)


def message(name: str, value) -> Delivery:
    return Delivery(message_id=name, body=value if isinstance(value, str) else text(value), receipt=name)


def shops(*names, unreadable=()):
    pipelines = {name: msgspec.structs.replace(web_shop(), name=name) for name in names}
    return DefinitionsAtHand(pipelines=pipelines, unreadable=tuple(map(Path, unreadable)))


def test_a_message_goes_when_every_pipeline_that_it_concerns_has_started(supervised):
    supervisor, queue = supervised(Supervisor()), Queue()

    left = dispatch(queue, [message("m", object_created())], shops("one", "two"))

    assert left == []
    assert [dag for dag, _ in supervisor.runs] == ["one", "two"]
    assert queue.deleted == ["m"]


def test_events_start_in_the_order_of_the_changes(supervised):
    supervisor = supervised(Supervisor())
    versions = [
        message(f"m{n}", object_created(id=f"e{n}", object={"version-id": f"v{n}", "sequencer": f"{n:03}"}))
        for n in range(10)
    ]

    dispatch(Queue(), reversed(versions), shops("shop"))

    taken = [run.conf["codepipeline.sourceRevisions"][0]["revisionValue"] for run in supervisor.runs.values()]
    assert taken == [f"v{n}" for n in range(10)]


def test_a_second_delivery_starts_nothing_and_goes(supervised):
    supervisor, queue = supervised(Supervisor()), Queue()

    for name in ("first", "second"):
        assert dispatch(queue, [message(name, object_created())], shops("shop")) == []

    assert len(supervisor.runs) == 1
    assert queue.deleted == ["first", "second"]


def test_a_message_stays_where_airflow_does_not_start_and_its_other_starts_are_not_repeated(supervised):
    queue = Queue()
    supervised(Supervisor(knows=False))

    (reason,) = dispatch(queue, [message("m", object_created())], shops("shop"))

    assert "shop was not started" in reason
    assert queue.deleted == []


def test_what_starts_nothing_goes(supervised):
    supervisor, queue = supervised(Supervisor()), Queue()
    told = [message("other", repository_state()), message("gone", event("aws.s3", "Object Deleted", {}))]

    assert dispatch(queue, told, shops("shop")) == []
    assert not supervisor.runs
    assert sorted(queue.deleted) == ["gone", "other"]


def test_what_cannot_be_read_stays_and_does_not_stop_the_others(supervised):
    supervisor, queue = supervised(Supervisor()), Queue()

    (reason,) = dispatch(queue, [message("bad", "hello"), message("m", object_created())], shops("shop"))

    assert reason.startswith("Message bad: The message is not JSON")
    assert len(supervisor.runs) == 1
    assert queue.deleted == ["m"]


def test_while_a_definition_cannot_be_read_a_change_starts_the_others_and_stays(supervised):
    supervisor, queue = supervised(Supervisor()), Queue()

    (reason,) = dispatch(queue, [message("m", object_created())], shops("shop", unreadable=["cart.yaml"]))

    assert "Whether it starts what stands in cart.yaml is not known" in reason
    assert len(supervisor.runs) == 1
    assert queue.deleted == []


@pytest.mark.parametrize(
    ("request_", "wrong"),
    [
        ({"name": "cart"}, "There is no pipeline 'cart'"),
        ({"name": "shop", "variables": [{"name": "colour", "value": "red"}]}, "no variable 'colour'"),
        ({"name": "shop", "clientRequestToken": "not one!"}, "clientRequestToken must be"),
    ],
)
def test_a_request_that_cannot_be_met_stays_and_says_why(supervised, request_, wrong):
    supervisor, queue = supervised(Supervisor()), Queue()

    (reason,) = dispatch(queue, [message("m", request_)], shops("shop"))

    assert wrong in reason
    assert not supervisor.runs
    assert queue.deleted == []


def test_a_request_without_a_token_is_one_start_for_its_message(supervised):
    supervisor = supervised(Supervisor())
    told = {"name": "shop", "variables": [{"name": "Environment", "value": "prod"}]}

    for _ in range(2):
        dispatch(Queue(), [message("6f1d3a1e", told)], shops("shop"))

    (run,) = supervisor.runs.values()
    assert run.conf["Environment"] == "prod"
    assert run.conf["codepipeline.trigger"]["triggerType"] == "CloudWatchEvent"


def test_a_message_that_sqs_does_not_delete_is_told_of(supervised):
    supervised(Supervisor())

    (reason,) = dispatch(Queue(refuses=True), [message("m", object_created())], shops("shop"))

    assert "it has expired" in reason
