"""The gate's trigger, at a channel to Airflow that answers from memory."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import comms, task_runner
from airflow.triggers.base import TaskSkippedEvent, TaskSuccessEvent

from airflow_codepipeline.dag import stage_desk, stage_gate
from airflow_codepipeline.dag.stage_gate import SUPERSEDED_BY, StageGateTrigger, order_of

ENTER, EXIT = "Build.enter", "Build.exit"
EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


class Channel:
    """What a trigger's supervisor answers: the states of one stage's tasks, and XComs."""

    def __init__(self) -> None:
        self.states: dict[str, dict[str, str | None]] = {}
        self.xcoms: dict[tuple[str, str], object] = {}
        self.variables: dict[str, str] = {}
        self.asked: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def asend(self, message):
        await asyncio.sleep(0)
        await self.open.wait()
        self.asked.append(message.type)
        return getattr(self, message.type)(message)

    def GetTICount(self, message):  # noqa: N802 the messages' own names
        count = sum(tasks[EXIT] is None for tasks in self.states.values())
        return comms.TICount(count=count)

    def GetTaskStates(self, message):  # noqa: N802
        wanted = self.states if message.run_ids is None else message.run_ids
        found = {run: self.states[run] for run in wanted if run in self.states}
        return comms.TaskStatesResult(task_states=found)

    def GetVariable(self, message):  # noqa: N802
        if message.key not in self.variables:
            raise AirflowRuntimeError(comms.ErrorResponse(error=ErrorType.VARIABLE_NOT_FOUND))
        return comms.VariableResult(key=message.key, value=self.variables[message.key])

    def GetXCom(self, message):  # noqa: N802
        value = self.xcoms.get((message.run_id, message.key))
        return comms.XComResult(key=message.key, value=value)

    def SetXCom(self, message):  # noqa: N802
        self.xcoms[message.run_id, message.key] = message.value


@pytest.fixture
def channel(monkeypatch):
    monkeypatch.setattr(stage_gate, "_desks", {})
    monkeypatch.setattr(stage_gate, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(stage_desk, "FRESH_SECONDS", 0.0)
    made = Channel()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", made, raising=False)
    return made


def trigger_of(channel, run_id, *, mode="QUEUED", started=EARLY):
    channel.states[run_id] = {ENTER: "deferred", EXIT: None}
    trigger = StageGateTrigger(
        mode=mode, enter_task=ENTER, exit_task=EXIT, order=(started.isoformat(), run_id)
    )
    trigger.task_instance = SimpleNamespace(dag_id="shop", run_id=run_id, task_id=ENTER, map_index=-1)
    return trigger


async def only_event(trigger):
    [event] = [event async for event in trigger.run()]
    return event


async def test_a_free_stage_is_entered_and_the_task_ends_there_and_then(channel):
    event = await only_event(trigger_of(channel, "one"))

    assert isinstance(event, TaskSuccessEvent)


async def test_a_parallel_execution_asks_for_the_transition_alone(channel):
    event = await only_event(trigger_of(channel, "one", mode="PARALLEL"))

    assert isinstance(event, TaskSuccessEvent)
    assert channel.asked == ["GetVariable"]


@pytest.mark.parametrize("mode", ["QUEUED", "SUPERSEDED", "PARALLEL"])
async def test_an_execution_waits_for_a_disabled_transition(channel, mode):
    channel.variables["codepipeline.transitions.shop"] = '{"Build": {"enabled": false}}'
    waiting = asyncio.ensure_future(only_event(trigger_of(channel, "one", mode=mode)))
    while channel.asked.count("GetVariable") < 3:
        await asyncio.sleep(0)
    assert not waiting.done()

    channel.variables["codepipeline.transitions.shop"] = '{"Build": {"enabled": true}}'

    assert isinstance(await waiting, TaskSuccessEvent)


async def test_an_occupied_stage_is_entered_when_the_occupant_has_left(channel):
    channel.states["occupant"] = {ENTER: "success", EXIT: None}
    waiting = asyncio.ensure_future(only_event(trigger_of(channel, "one")))
    while "GetTaskStates" not in channel.asked:
        await asyncio.sleep(0)
    assert not waiting.done()

    channel.states["occupant"][EXIT] = "success"

    assert isinstance(await waiting, TaskSuccessEvent)


async def test_a_superseded_execution_is_skipped_and_says_by_whom(channel):
    channel.states["occupant"] = {ENTER: "success", EXIT: None}
    newer = trigger_of(channel, "newer", mode="SUPERSEDED", started=LATE)
    waiting = asyncio.ensure_future(only_event(newer))
    while ("newer", "claim") not in channel.xcoms:
        await asyncio.sleep(0)

    event = await only_event(trigger_of(channel, "older", mode="SUPERSEDED"))

    assert isinstance(event, TaskSkippedEvent)
    assert channel.xcoms["older", SUPERSEDED_BY] == "newer"
    waiting.cancel()


async def test_a_trigger_that_is_cancelled_leaves_nothing_at_the_desk(channel):
    channel.states["occupant"] = {ENTER: "success", EXIT: None}
    waiting = asyncio.ensure_future(only_event(trigger_of(channel, "one")))
    while "GetTaskStates" not in channel.asked:
        await asyncio.sleep(0)

    waiting.cancel()
    await asyncio.wait([waiting])

    assert stage_gate._desks["shop", ENTER].claims == {}


async def test_a_trigger_that_is_cancelled_while_it_arrives_leaves_nothing_at_the_desk(channel):
    trigger = trigger_of(channel, "one")
    arriving = asyncio.ensure_future(only_event(trigger))
    while "GetXCom" not in channel.asked:
        await asyncio.sleep(0)
    channel.open.clear()
    for _ in range(5):
        await asyncio.sleep(0)

    arriving.cancel()
    await asyncio.wait([arriving])

    assert stage_gate._desks["shop", ENTER].claims == {}


def test_a_trigger_is_made_again_from_what_it_serialises():
    trigger = StageGateTrigger(mode="QUEUED", enter_task=ENTER, exit_task=EXIT, order=("2026", "one"))

    path, kwargs = trigger.serialize()
    module, _, name = path.rpartition(".")

    assert (module, name) == (StageGateTrigger.__module__, StageGateTrigger.__name__)
    assert StageGateTrigger(**kwargs).serialize() == (path, kwargs)


@pytest.mark.parametrize(
    ("run_type", "expected"),
    [("manual", EARLY), ("asset_triggered", EARLY), ("scheduled", LATE), ("backfill", LATE)],
)
def test_executions_are_ordered_by_their_start_never_by_the_day_of_a_backfill(run_type, expected):
    run = SimpleNamespace(run_type=run_type, run_after=EARLY, start_date=LATE, run_id="one")

    assert order_of(run) == (expected.isoformat(), "one")
