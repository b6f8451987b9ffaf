"""One sink told of one execution, over a channel to Airflow that is in memory."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time.comms import ErrorResponse, GetDagRunState
from airflow.triggers.base import TaskSuccessEvent, TriggerEvent

from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.definition.model import ActionTypeId
from airflow_codepipeline.errors import TransientError
from airflow_codepipeline.events.look import Look, StageLook
from airflow_codepipeline.events.subject import CONF, ReportedAction, ReportedStage, Subject
from airflow_codepipeline.execution.start import Trigger
from airflow_codepipeline.serving import execution_watch, report_trigger
from airflow_codepipeline.serving.report_trigger import ReportTrigger
from airflow_codepipeline.sinks.base import Delivery

BUILD = ReportedAction(name="A", type=ActionTypeId(category="Build", provider="CodeBuild"))
INSIDE = {"Build.enter": "success", "Build.A": "running", "Build.exit": None, "Build.done": None}
FAILED = {"Build.A": "failed", "Build.exit": "success", "Build.done": "upstream_failed"}
WHOLE = [
    "pipeline STARTED",
    "Build STARTED",
    "Build/A STARTED",
    "Build/A FAILED",
    "Build FAILED",
    "pipeline FAILED",
]


def subject(attempt: int = 1) -> Subject:
    return Subject(
        dag_id="shop",
        run_id="one",
        home="Build.exit",
        attempt=attempt,
        pipeline="shop",
        execution_id="one",
        version=1,
        started="2026-03-01T12:00:00+00:00",
        trigger=Trigger(trigger_type="Webhook"),
        stages=(ReportedStage(name="Build", actions=(BUILD,)),),
    )


class World:
    """An execution, the reporter's runs, and a sink that can be out."""

    def __init__(self) -> None:
        self.states: dict[str, str | None] = dict(INSIDE)
        self.xcoms: dict[tuple[str, str], object] = {}
        self.reporters: dict[str, list[str]] = {}
        self.out = 0
        self.told: list[str] = []
        self.script = []
        self.leave("running", enter="success", actions={"A": None})

    def leave(self, run: str, attempt: int = 1, **stage) -> None:
        look = Look(
            at="2026-03-01T12:00:00+00:00",
            attempt=attempt,
            run=run,
            stages=(StageLook(name="Build", **stage),),
        )
        left = [*self.xcoms.get(("Build.exit", "looks"), []), to_json_value(look)]
        self.xcoms["Build.exit", "looks"] = left

    def fail(self, attempt: int = 1) -> None:
        self.states |= FAILED
        failure = {"failure": "shop/Build/A failed: JobFailed: exit 1", "externalExecutionId": "build:1"}
        self.xcoms["Build.A", "failure"] = failure
        stage = {"enter": "success", "exit": "success", "done": "upstream_failed", "actions": {"A": "failed"}}
        self.leave("failed", attempt, **stage)

    async def ask(self, question):
        if isinstance(question, GetDagRunState):
            states = self.reporters.get(question.run_id)
            if not states:
                raise AirflowRuntimeError(ErrorResponse(error=ErrorType.DAGRUN_NOT_FOUND, detail={}))
            return SimpleNamespace(state=states.pop(0) if len(states) > 1 else states[0])
        if self.script:
            self.script.pop(0)()
        return SimpleNamespace(task_states={"one": dict(self.states)} if self.states else {})

    async def pull_xcom(self, *, dag_id, run_id, task_id, key):
        return self.xcoms.get((task_id, key))

    async def push_xcom(self, *, dag_id, run_id, task_id, key, value):
        self.xcoms[task_id, key] = value

    def deliver(self, messages):
        if self.out:
            self.out -= 1
            return Delivery(list(messages), TransientError("SystemUnavailable", "out"))
        self.messages = messages
        for message in messages:
            detail = message["detail"]
            what = "/".join(detail[name] for name in ("stage", "action") if name in detail)
            self.told.append(f"{what or 'pipeline'} {detail['state']}")
        return Delivery([])


@pytest.fixture
def world(monkeypatch) -> World:
    world = World()
    for module in (execution_watch, report_trigger):
        for name in ("ask", "pull_xcom", "push_xcom"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, getattr(world, name))
    monkeypatch.setattr(execution_watch, "SERVES_SECONDS", -1.0)
    monkeypatch.setattr(report_trigger, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(report_trigger, "LONGEST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(report_trigger, "open_sink", lambda name, subject: world)
    return world


async def run(attempt: int = 1):
    conf = {CONF: to_json_value(subject(attempt))}
    return [event async for event in ReportTrigger(sink="event_bus", conf=conf).run()]


async def test_a_sink_is_told_of_an_execution_until_its_end(world):
    world.script = [lambda: None, lambda: None, world.fail]

    [end] = await run()

    assert isinstance(end, TaskSuccessEvent)
    assert world.told == WHOLE


async def test_what_failed_is_told_with_its_reason(world):
    world.fail()

    await run()

    [failed] = [
        one["detail"]
        for one in world.messages
        if one["detail"].get("action") and "execution-result" in one["detail"]
    ]
    assert failed["execution-result"] == {
        "external-execution-summary": "exit 1",
        "external-execution-id": "build:1",
        "error-code": "JobFailed",
    }


async def test_a_sink_that_is_out_is_told_later_and_nothing_is_told_twice(world):
    world.out = 3
    world.script = [lambda: None, lambda: None, world.fail]

    [end] = await run()

    assert isinstance(end, TaskSuccessEvent)
    assert world.told == WHOLE


async def test_a_sink_that_is_out_for_long_fails_the_task_which_goes_on_where_it_was(world, monkeypatch):
    monkeypatch.setattr(report_trigger, "PATIENCE_SECONDS", -1.0)
    world.out = 1
    world.fail()

    [given_up] = await run()
    assert world.told == []
    await run()

    assert isinstance(given_up, TriggerEvent)
    assert given_up.payload["error"] == "event_bus: 6 undelivered of shop one: SystemUnavailable: out"
    assert world.told == WHOLE


async def test_a_reporter_that_comes_again_has_nothing_to_tell(world):
    world.fail()
    await run()

    await run()

    assert world.told == WHOLE


async def test_the_next_attempt_s_reporter_waits_for_the_one_before_and_tells_what_that_could_not(world):
    world.fail()
    world.states |= {"Build.A": "running", "Build.exit": None, "Build.done": None}
    world.leave("running", 2, enter="success", actions={"A": None})
    world.reporters["one.1"] = ["running", "running", "failed"]
    world.script = [lambda: None, lambda: world.fail(2)]

    await run(2)

    assert world.reporters["one.1"] == ["failed"]
    assert world.told == [
        *WHOLE,
        "pipeline RESUMED",
        "Build RESUMED",
        "Build/A STARTED",
        "Build/A FAILED",
        "Build FAILED",
        "pipeline FAILED",
    ]


async def test_an_earlier_attempt_s_reporter_leaves_the_rest_to_the_next(world):
    world.out = 1
    world.fail()
    world.leave("running", 2, enter="success", actions={"A": None})

    [end] = await run()

    assert isinstance(end, TaskSuccessEvent)
    assert world.told == []


async def test_of_an_execution_that_was_deleted_nothing_more_is_told(world):
    world.states = {}

    [end] = await run()

    assert isinstance(end, TaskSuccessEvent)
    assert world.told == []
