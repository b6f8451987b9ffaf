"""The gate's trigger, at a channel to Airflow that answers from memory."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import comms, task_runner
from airflow.triggers.base import TaskSkippedEvent, TaskSuccessEvent

from airflow_codepipeline.dag import stage_desk, stage_gate
from airflow_codepipeline.dag.arrival import Arrival
from airflow_codepipeline.dag.stage_gate import SUPERSEDED_BY, StageGateSensor, StageGateTrigger
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.execution.records import AGAIN, ROLLBACK, STARTED

ENTER, EXIT, RUN, RETRY = "Build.enter", "Build.exit", "Source.exit", "Build.onFailure"
EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


class Channel:
    """What a trigger's supervisor answers: the states of one stage's tasks, and XComs."""

    def __init__(self) -> None:
        self.states: dict[str, dict[str, str | None]] = {}
        self.xcoms: dict[tuple[str, str], object] = {}
        self.variables: dict[str, str] = {}
        self.runs: dict[str, str] = {}
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

    def GetDagRunState(self, message):  # noqa: N802
        return comms.DagRunStateResult(state=self.runs[message.run_id])

    def GetXCom(self, message):  # noqa: N802
        value = self.xcoms.get((message.run_id, message.key))
        return comms.XComResult(key=message.key, value=value)

    def SetXCom(self, message):  # noqa: N802
        self.xcoms[message.run_id, message.key] = message.value


@pytest.fixture
def channel(monkeypatch):
    monkeypatch.setattr(stage_gate, "_desks", {})
    monkeypatch.setattr(stage_gate, "_met", {})
    monkeypatch.setattr(stage_gate, "POLL_SECONDS", 0.0)
    monkeypatch.setattr(stage_desk, "FRESH_SECONDS", 0.0)
    made = Channel()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", made, raising=False)
    return made


def trigger_of(channel, run_id, *, mode="QUEUED", started=EARLY, retry_task=None, **arrival):
    channel.states[run_id] = {ENTER: "deferred", EXIT: None}
    arrived = {"started": started.isoformat(), "dated": False, "cleared": 0, "rollback": None} | arrival
    trigger = StageGateTrigger(
        mode=mode,
        enter_task=ENTER,
        exit_task=EXIT,
        run_task=RUN,
        retry_task=retry_task,
        arrival=to_json_value(Arrival(**arrived)),
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
    arrival = {"started": "2026", "dated": True, "cleared": 1, "rollback": "Build"}
    trigger = StageGateTrigger(
        mode="QUEUED", enter_task=ENTER, exit_task=EXIT, run_task=RUN, retry_task=RETRY, arrival=arrival
    )

    path, kwargs = trigger.serialize()
    module, _, name = path.rpartition(".")

    assert (module, name) == (StageGateTrigger.__module__, StageGateTrigger.__name__)
    assert StageGateTrigger(**kwargs).serialize() == (path, kwargs)


@pytest.mark.parametrize(
    ("run_type", "expected"),
    [("manual", EARLY), ("asset_triggered", EARLY), ("scheduled", LATE), ("backfill", LATE)],
)
def test_executions_are_ordered_by_their_start_never_by_the_day_of_a_backfill(run_type, expected):
    run = SimpleNamespace(
        run_type=run_type, run_after=EARLY, start_date=LATE, run_id="one", clear_number=0, conf=None
    )

    assert Arrival.of(run).started == expected.isoformat()


async def test_a_backfilled_execution_keeps_the_start_that_its_first_gate_noted(channel):
    await only_event(trigger_of(channel, "one", started=EARLY, dated=True))
    await only_event(trigger_of(channel, "one", started=LATE, dated=True, cleared=1))

    assert channel.xcoms["one", STARTED] == EARLY.isoformat()
    assert channel.xcoms["one", "claim"]["order"] == [EARLY.isoformat(), "one"]


async def test_a_backfill_that_is_repeated_starts_anew_at_its_first_gate(channel):
    for started, cleared in ((EARLY, 0), (LATE, 1)):
        trigger = trigger_of(channel, "one", started=started, dated=True, cleared=cleared)
        trigger.run_task = EXIT
        await only_event(trigger)

    assert channel.xcoms["one", STARTED] == LATE.isoformat()
    assert channel.xcoms["one", "claim"]["order"] == [LATE.isoformat(), "one"]


async def test_an_execution_that_comes_again_after_a_clear_has_not_waited_yet(channel):
    channel.states["occupant"] = {ENTER: "success", EXIT: None}
    first = asyncio.ensure_future(only_event(trigger_of(channel, "one")))
    while not (channel.xcoms.get(("one", "claim")) or {}).get("waited"):
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])

    again = asyncio.ensure_future(only_event(trigger_of(channel, "one", cleared=1)))
    while channel.xcoms["one", "claim"]["cleared"] == 0:
        await asyncio.sleep(0)

    assert not channel.xcoms["one", "claim"]["waited"]
    again.cancel()


async def test_a_gate_that_is_cancelled_after_it_has_come_again_does_not_take_the_new_one_with_it(channel):
    channel.states["occupant"] = {ENTER: "success", EXIT: None}
    first = asyncio.ensure_future(only_event(trigger_of(channel, "one")))
    while ("one", "claim") not in channel.xcoms:
        await asyncio.sleep(0)
    again = asyncio.ensure_future(only_event(trigger_of(channel, "one", cleared=1)))
    while channel.xcoms["one", "claim"]["cleared"] == 0:
        await asyncio.sleep(0)

    first.cancel()
    await asyncio.wait([first])
    channel.states["occupant"][EXIT] = "success"

    assert isinstance(await again, TaskSuccessEvent)


async def test_what_a_cleared_run_announced_before_keeps_nobody_out(channel):
    await only_event(trigger_of(channel, "older"))
    assert channel.xcoms["older", "claim"]["entering"]
    channel.states["older"] = {ENTER: None, EXIT: None}

    assert isinstance(await only_event(trigger_of(channel, "newer", started=LATE)), TaskSuccessEvent)


async def test_a_rollback_enters_no_stage_after_its_own(channel):
    trigger = trigger_of(channel, "one", rollback="Test")
    channel.states["one"]["Test.enter"] = "success"
    assert isinstance(await only_event(trigger), TaskSkippedEvent)


@pytest.mark.parametrize("stage", ["Deploy", ""])
async def test_a_rollback_that_is_cleared_as_a_whole_fails_and_says_what_to_do(channel, stage):
    event = await only_event(trigger_of(channel, "one", rollback=stage))
    gate = StageGateSensor(task_id=ENTER, mode="QUEUED", exit_task=EXIT, run_task=RUN)

    with pytest.raises(AirflowFailException, match="Roll that stage back anew with RollbackStage"):
        gate.entered({}, event.payload)


async def test_a_rollback_enters_its_own_stage(channel):
    assert isinstance(await only_event(trigger_of(channel, "one", rollback="Build")), TaskSuccessEvent)


@pytest.mark.parametrize("mode", ["QUEUED", "SUPERSEDED"])
async def test_a_rollback_that_answers_a_failure_has_the_age_of_what_failed(channel, mode):
    await only_event(trigger_of(channel, "failed", mode=mode))
    channel.states["failed"][ENTER] = "success"
    channel.states["failed"][EXIT] = "success"
    newer = trigger_of(channel, "newer", mode=mode, started=EARLY + timedelta(seconds=1))
    await only_event(newer)
    channel.states["newer"][ENTER] = "success"
    back = trigger_of(channel, "back", mode=mode, started=LATE, rollback="Build", in_place_of="failed")

    assert isinstance(await only_event(back), TaskSkippedEvent)
    assert channel.xcoms["back", SUPERSEDED_BY] == "newer"
    assert channel.xcoms["back", "claim"]["order"] == [f"{EARLY.isoformat()}~", "back"]


def test_a_rollback_is_known_by_its_conf():
    conf = {ROLLBACK: {"stage": "Build", "targetPipelineExecutionId": "x", "targetRunId": "y"}}
    run = SimpleNamespace(
        run_type="manual", run_after=EARLY, start_date=LATE, run_id="one", clear_number=2, conf=conf
    )

    assert Arrival.of(run) == Arrival(started=EARLY.isoformat(), dated=False, cleared=2, rollback="Build")
    run.conf = {ROLLBACK: conf[ROLLBACK] | {"inPlaceOf": "failed"}}
    assert Arrival.of(run).in_place_of == "failed"
    run.conf = {ROLLBACK: "Build"}
    assert (Arrival.of(run).rollback, Arrival.of(run).in_place_of) == ("", None)


async def test_nobody_slips_in_before_an_automatic_retry(channel):
    channel.states["occupant"] = {ENTER: "success", EXIT: None, RETRY: None}
    channel.xcoms["occupant", "return_value"] = {"engaged": True, "result": "RETRY"}
    channel.runs["occupant"] = "running"
    waiting = asyncio.ensure_future(only_event(trigger_of(channel, "one", retry_task=RETRY)))
    while not (channel.xcoms.get(("one", "claim")) or {}).get("waited"):
        await asyncio.sleep(0)

    channel.states["occupant"] |= {EXIT: "success", RETRY: "success"}
    while channel.asked.count("GetDagRunState") < 3:
        assert not waiting.done(), waiting
        await asyncio.sleep(0)

    channel.runs["occupant"] = "failed"
    assert isinstance(await waiting, TaskSuccessEvent)


@pytest.mark.parametrize("mode", ["QUEUED", "SUPERSEDED", "PARALLEL"])
async def test_a_retried_execution_goes_back_into_its_stage_past_a_disabled_transition(channel, mode):
    channel.variables["codepipeline.transitions.shop"] = '{"Build": {"enabled": false}}'
    channel.xcoms["one", AGAIN] = {"cleared": 1}

    event = await only_event(trigger_of(channel, "one", mode=mode, cleared=1))

    assert isinstance(event, TaskSuccessEvent)


async def test_an_execution_that_was_cleared_since_its_retry_waits_for_the_transition_again(channel):
    channel.variables["codepipeline.transitions.shop"] = '{"Build": {"enabled": false}}'
    channel.xcoms["one", AGAIN] = {"cleared": 1}
    waiting = asyncio.ensure_future(only_event(trigger_of(channel, "one", cleared=2)))
    while not (channel.xcoms.get(("one", "claim")) or {}).get("waited"):
        assert not waiting.done()
        await asyncio.sleep(0)

    waiting.cancel()
