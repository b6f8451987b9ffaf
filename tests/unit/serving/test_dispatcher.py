"""The dispatcher's DAG, its task and its trigger, with the queue in memory."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING

import msgspec
import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from airflow_codepipeline.changes.delivery import Delivery
from airflow_codepipeline.dag.factory import load_pipelines
from airflow_codepipeline.errors import ActionError, TransientError
from airflow_codepipeline.serving import dispatcher, queue_trigger
from airflow_codepipeline.serving.dispatcher import QueueOptionError, build_dispatcher
from airflow_codepipeline.serving.queue_trigger import QueueTrigger
from fixtures.source_events import object_created, text
from unit.dag.kit import WEB_SHOP
from unit.serving.supervised import Supervisor

if TYPE_CHECKING:
    from pathlib import Path

DAG_ID = "codepipeline.dispatcher"
URL = "https://sqs.eu-west-1.amazonaws.com/111122223333/changes"


class Queue:
    """Gives what it has, ten at a time, and keeps in mind how it was asked.

    :param answers: in the place of messages: an error for each that is raised first.
    """

    def __init__(self, *messages: Delivery, answers=()) -> None:
        self.messages, self.answers = list(messages), list(answers)
        self.deleted: list[str] = []
        self.waits: list[int] = []

    def receive(self, *, wait):
        self.waits.append(wait)
        if self.answers:
            raise self.answers.pop(0)
        given, self.messages = self.messages[:10], self.messages[10:]
        return given

    def delete(self, delivery):
        self.deleted.append(delivery.receipt)


def message(number: int, receipt: str | None = None) -> Delivery:
    told = object_created(id=f"event-{number}")
    return Delivery(message_id=str(number), body=text(told), receipt=receipt or f"receipt-{number}")


@pytest.fixture
def opened(monkeypatch):
    """Makes a queue the one that is opened."""

    def by(queue: Queue) -> Queue:
        for module in (dispatcher, queue_trigger):
            monkeypatch.setattr(module, "open_queue", lambda *_: queue)
        return queue

    return by


@pytest.fixture
def task():
    return build_dispatcher(DAG_ID, URL, WEB_SHOP.parent).task_dict["dispatch"]


def arrived(*deliveries):
    return [msgspec.to_builtins(delivery) for delivery in deliveries]


def test_one_run_follows_the_other_and_none_is_made_up_for(task):
    assert (task.dag.schedule, task.dag.max_active_runs, task.dag.catchup) == ("@continuous", 1, False)
    assert not task.dag.is_paused_upon_creation
    assert task.dag.disable_bundle_versioning
    assert task.queue == "default"


def test_it_begins_in_the_triggerer(task):
    arguments = task.start_trigger_args

    assert task.start_from_trigger
    assert arguments.next_method == "received"
    trigger = QueueTrigger(**arguments.trigger_kwargs)
    assert trigger.serialize() == (arguments.trigger_cls, {"queue": URL, "connection_id": None})


def test_what_came_meanwhile_is_taken_along(task, opened, supervised):
    supervisor, queue = supervised(Supervisor()), opened(Queue(*map(message, range(1, 25))))

    task.received({}, event=arrived(message(0)))

    assert len(supervisor.runs) == 25
    assert len(queue.deleted) == 25


def test_of_a_message_that_has_come_again_the_last_receipt_counts(task, opened, supervised):
    supervised(Supervisor())
    queue = opened(Queue(message(0, "newer")))

    task.received({}, event=arrived(message(0, "older")))

    assert queue.deleted == ["newer"]


def test_it_takes_so_many_and_no_more(task, opened, supervised, monkeypatch):
    monkeypatch.setattr(dispatcher, "MOST", 20)
    supervised(Supervisor())
    queue = opened(Queue(*map(message, range(60))))

    task.received({}, event=arrived(message(99)))

    assert 20 <= len(queue.deleted) < 60


def test_where_it_starts_on_a_worker_it_takes_what_is_there_without_waiting(task, opened, supervised):
    supervisor = supervised(Supervisor())
    opened(Queue(message(0)))

    task.execute({})

    assert len(supervisor.runs) == 1


def test_where_nothing_is_there_it_waits_in_the_triggerer(task, opened):
    opened(Queue())

    with pytest.raises(TaskDeferred) as deferred:
        task.execute({})

    assert deferred.value.method_name == "received"


def test_a_run_whose_messages_stay_fails_and_is_not_tried_again(task, opened, supervised):
    supervised(Supervisor(knows=False))
    queue = opened(Queue())

    with pytest.raises(AirflowFailException, match="1 of 1 messages stay in the queue"):
        task.received({}, event=arrived(message(0)))
    assert queue.deleted == []


def test_a_definition_that_cannot_be_read_is_logged_and_the_others_start(
    tmp_path, opened, supervised, caplog
):
    (tmp_path / "web-shop.json").write_text(WEB_SHOP.read_text())
    (tmp_path / "cart.yaml").write_text("name: [cart\n")
    supervisor = supervised(Supervisor())
    opened(Queue())
    task = build_dispatcher(DAG_ID, URL, tmp_path).task_dict["dispatch"]

    with pytest.raises(AirflowFailException, match=r"cart\.yaml"):
        task.received({}, event=arrived(message(0)))
    assert [dag for dag, _ in supervisor.runs] == ["web-shop"]


async def first(trigger):
    async for event in trigger.run():
        return event.payload
    raise AssertionError


async def test_the_trigger_ends_with_the_first_messages(opened):
    opened(Queue(message(0), message(1)))

    assert await first(QueueTrigger(queue=URL)) == arrived(message(0), message(1))


async def test_the_trigger_asks_again_where_sqs_does_not_answer(opened, monkeypatch):
    monkeypatch.setattr(queue_trigger, "PAUSE_SECONDS", 0)
    opened(Queue(message(0), answers=[TransientError("Throttling", "slow down")]))

    assert len(await first(QueueTrigger(queue=URL))) == 1


async def test_what_will_not_pass_ends_the_trigger(opened):
    opened(Queue(answers=[ActionError("AccessDenied", "ReceiveMessage: no")]))

    with pytest.raises(ActionError, match="AccessDenied"):
        await first(QueueTrigger(queue=URL))


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CODEPIPELINE__EVENT_QUEUE", URL)
    (tmp_path / "include" / "pipelines").mkdir(parents=True)
    (tmp_path / "dags").mkdir()
    return tmp_path


def load(project: Path, **more) -> dict:
    namespace = {"__file__": str(project / "dags" / "codepipelines.py")}
    load_pipelines(namespace, **more)
    return namespace


def test_it_stands_beside_the_pipelines_where_the_option_names_a_queue(project):
    assert load(project)[DAG_ID].task_dict["dispatch"].event_queue == URL


@pytest.mark.parametrize(
    "queue", ["arn:aws:sqs:eu-west-1:123456789012:changes", "my changes", "https://", "https://sqs"]
)
def test_an_option_that_names_no_queue_is_refused(queue, tmp_path):
    with pytest.raises(QueueOptionError, match=r"event_queue is .* the URL of a queue"):
        build_dispatcher(DAG_ID, queue, tmp_path)


@pytest.mark.parametrize(
    "queue", ["pipeline-changes", "a_1.fifo", "http://127.0.0.1:4566/000000000000/changes"]
)
def test_a_queue_is_named_by_its_name_or_url(queue, tmp_path):
    assert build_dispatcher(DAG_ID, queue, tmp_path).task_dict["dispatch"].event_queue == queue


def test_a_dag_file_may_leave_it_to_another(project):
    assert DAG_ID not in load(project, services=False)


def test_a_pipeline_of_its_name_is_an_import_error_and_it_is_there_all_the_same(project, monkeypatch):
    refused: list[SimpleNamespace] = []
    monkeypatch.setattr(
        "airflow_codepipeline.dag.broken.register_broken",
        lambda path, error: refused.append(SimpleNamespace(path=path, error=error)),
    )
    declared = json.loads(WEB_SHOP.read_text())
    declared.get("pipeline", declared)["name"] = DAG_ID
    (project / "include" / "pipelines" / f"{DAG_ID}.json").write_text(json.dumps(declared))

    namespace = load(project)

    assert namespace[DAG_ID].schedule == "@continuous"
    assert [one.path.name for one in refused] == [f"{DAG_ID}.json"]
    assert "is taken" in str(refused[0].error)
