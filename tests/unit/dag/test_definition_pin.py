"""What holds an execution to its definition, at a channel to Airflow that answers from memory."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.execution_time import comms, task_runner
from airflow.sdk.execution_time.xcom import XCom
from airflow.triggers.base import TaskSkippedEvent

from airflow_codepipeline.dag import definition_pin, stage_gate
from airflow_codepipeline.dag.declared import PinnedDefinition, definition_hash
from airflow_codepipeline.dag.definition_pin import GatePin, LiveDefinition, refuse_another_definition
from airflow_codepipeline.dag.stage_gate import StageGateTrigger
from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.execution.records import CANCELLED, DEFINITION, STOPPED
from unit.dag.kit import WEB_SHOP, Execution, web_shop

RUN = "one"
FIRST, SECOND = "Source.exit", "Build.exit"
FRESH = {"Source.enter": "deferred", "Source.Code": None, "Source.exit": None, "Build.enter": None}


class Channel:
    """What a trigger's supervisor answers."""

    def __init__(self) -> None:
        self.states: dict[str, str | None] = dict(FRESH)
        self.xcoms: dict[tuple[str, str], object] = {}
        self.disabled = False

    async def asend(self, message):
        return getattr(self, message.type)(message)

    def GetTaskStates(self, message):  # noqa: N802 the messages' own names
        assert message.run_ids == [RUN]
        return comms.TaskStatesResult(task_states={RUN: self.states})

    def GetVariable(self, message):  # noqa: N802
        return comms.VariableResult(key=message.key, value='{"Build": {"enabled": false}}')

    def GetXCom(self, message):  # noqa: N802
        return comms.XComResult(key=message.key, value=self.xcoms.get((message.task_id, message.key)))

    def SetXCom(self, message):  # noqa: N802
        self.xcoms[message.task_id, message.key] = message.value


@pytest.fixture
def channel(monkeypatch):
    made = Channel()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", made, raising=False)
    return made


def pin(exit_task, definition, *, home=FIRST, cleared=False, watched=None):
    task = SimpleNamespace(dag_id="web-shop", run_id=RUN, task_id=exit_task.replace("exit", "enter"))
    return GatePin(
        task,
        PinnedDefinition(hash=definition, watched=watched),
        exit_task=exit_task,
        home=home,
        cleared=cleared,
    )


async def test_an_execution_begins_with_the_definition_of_its_first_gate(channel):
    assert await pin(FIRST, "old").arrive() is None
    assert channel.xcoms == {(FIRST, DEFINITION): "old"}


async def test_a_later_gate_of_the_same_definition_lets_it_in_and_keeps_it_with_its_stage(channel):
    channel.xcoms[FIRST, DEFINITION] = "old"

    assert await pin(SECOND, "old").arrive() is None
    assert channel.xcoms[SECOND, DEFINITION] == "old"


async def test_a_later_gate_of_another_definition_cancels(channel):
    channel.xcoms[FIRST, DEFINITION] = "old"

    reason = await pin(SECOND, "new").arrive()

    assert reason == (
        "The definition of web-shop changed while this execution waited for Build. "
        "It began with old, this is new."
    )
    assert (SECOND, DEFINITION) not in channel.xcoms


async def test_a_later_gate_cancels_where_the_stage_that_the_execution_began_with_is_another(channel):
    assert "It began with another, this is new." in await pin(SECOND, "new").arrive()


@pytest.mark.parametrize("state", ["success", "failed", "deferred", "awaiting_input", "removed"])
async def test_a_new_first_stage_begins_nothing_in_an_execution_under_way(channel, state):
    channel.states |= {"Old.Code": state}

    assert await pin(FIRST, "new").arrive() is not None


async def test_a_first_stage_that_is_retried_keeps_the_definition(channel):
    channel.xcoms[FIRST, DEFINITION] = "old"
    channel.states |= {"Source.Code": "success"}

    assert await pin(FIRST, "old").arrive() is None
    assert await pin(FIRST, "new").arrive() is not None


async def test_an_execution_that_is_cleared_as_a_whole_begins_anew_with_the_definition_of_now(channel):
    left = {"reason": "changed"}
    channel.states |= {"Gone.Code": "removed"}
    channel.xcoms |= {(FIRST, DEFINITION): "old", (FIRST, CANCELLED): left, ("Source.enter", CANCELLED): left}

    assert await pin(FIRST, "new", cleared=True).arrive() is None
    assert channel.xcoms == {
        (FIRST, DEFINITION): "new",
        (FIRST, CANCELLED): None,
        (FIRST, STOPPED): None,
        ("Source.enter", CANCELLED): None,
    }


async def test_a_rollback_begins_in_its_stage(channel):
    passed = {"Source.enter": "skipped", "Source.Code": "skipped", "Source.exit": "skipped"}
    channel.states |= passed | {"Source.done": "success", "Build.enter": "deferred"}

    assert await pin(SECOND, "new", home=SECOND).arrive() is None
    assert channel.xcoms[SECOND, DEFINITION] == "new"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A definition that a gate watches, with no pause between two looks."""
    monkeypatch.setattr(definition_pin, "LOOK_SECONDS", -1.0)
    monkeypatch.delenv("CODEPIPELINE_PIPELINES", raising=False)
    (tmp_path / "dags").mkdir()
    (tmp_path / "include" / "pipelines").mkdir(parents=True)
    path = tmp_path / "include" / "pipelines" / "web-shop.json"
    path.write_text(WEB_SHOP.read_text())
    return path


def live(shop):
    return LiveDefinition(shop.parents[2] / "dags" / "codepipelines.py", "web-shop")


def edit(shop):
    document = json.loads(shop.read_text())
    document.get("pipeline", document)["airflow"] = {"tags": ["edited"]}
    shop.write_text(json.dumps(document))


async def looked(definition, times=2):
    for _ in range(times):
        seen = await definition.hash()
    return seen


async def test_a_definition_that_is_as_it_was_has_the_hash_of_the_dag(shop):
    assert await looked(live(shop)) == Execution(web_shop()).declaration("Build.Build").wiring.definition.hash


async def test_a_change_is_seen_once_the_file_has_stopped_to_change(shop):
    definition = live(shop)
    before = await looked(definition)

    edit(shop)

    assert await definition.hash() == before
    assert await definition.hash() == definition_hash(read_pipeline(shop)) != before


async def test_a_file_that_has_not_changed_is_not_read_again(shop, monkeypatch):
    definition = live(shop)
    before = await looked(definition)
    monkeypatch.setattr(definition_pin, "read_pipeline", lambda path: pytest.fail("read again"))

    assert await looked(definition) == before


@pytest.mark.parametrize("text", ["{", '{"name": "web-shop"}'])
async def test_a_broken_definition_is_no_update_and_its_repair_is_seen(shop, text):
    definition, good = live(shop), shop.read_text()
    before = await looked(definition)

    shop.write_text(text)
    broken = await looked(definition, 3)
    shop.write_text(good)

    assert broken is None
    assert await looked(definition, 3) == before


async def test_a_definition_or_a_folder_that_is_gone_is_no_update(shop):
    definition = live(shop)
    shop.unlink()
    assert await looked(definition) is None

    shop.parent.rmdir()
    assert await looked(definition) is None


async def test_a_waiting_gate_is_cancelled_when_its_definition_changes(shop, channel):
    before = definition_hash(read_pipeline(shop))
    watching = pin(SECOND, before, watched=str(shop.parents[2] / "dags" / "codepipelines.py"))
    assert [await watching.watch() for _ in range(3)] == [None] * 3

    edit(shop)
    reasons = [await watching.watch() for _ in range(2)]

    assert reasons[0] is None
    assert f"It began with {before}, its file is" in reasons[1]


async def test_the_gate_ends_as_skipped_and_leaves_why(shop, channel, monkeypatch):
    monkeypatch.setattr(stage_gate, "POLL_SECONDS", 0.0)
    channel.xcoms[FIRST, DEFINITION] = "old"
    channel.states |= {"Source.Code": "success"}

    event = await first_event("new", watched=None)

    assert isinstance(event, TaskSkippedEvent)
    assert channel.xcoms["Build.enter", CANCELLED] == {
        "reason": "The definition of web-shop changed while this execution waited for Build. "
        "It began with old, this is new."
    }


async def test_a_gate_in_front_of_a_disabled_transition_is_cancelled_too(shop, channel, monkeypatch):
    monkeypatch.setattr(stage_gate, "POLL_SECONDS", 0.0)
    channel.xcoms[FIRST, DEFINITION] = "old"
    watched = str(shop.parents[2] / "dags" / "codepipelines.py")

    event = await first_event("old", watched=watched)

    assert isinstance(event, TaskSkippedEvent)
    assert "its file is" in channel.xcoms["Build.enter", CANCELLED]["reason"]


async def first_event(definition, *, watched):
    trigger = StageGateTrigger(
        mode="PARALLEL",
        enter_task="Build.enter",
        exit_task=SECOND,
        run_task=FIRST,
        definition={"hash": definition, "watched": watched},
        arrival={"started": "2026", "dated": False, "cleared": 0, "rollback": None},
    )
    trigger.task_instance = SimpleNamespace(
        dag_id="web-shop", run_id=RUN, task_id="Build.enter", map_index=-1
    )
    async for event in trigger.run():
        return event
    raise AssertionError("the trigger ended without an event")


class Store:
    """XComs that are set directly."""

    def __init__(self, monkeypatch) -> None:
        self.values: dict[tuple[str, str], object] = {}
        monkeypatch.setattr(XCom, "set", self.set)

    def set(self, *, key, value, task_id, **_run):
        self.values[task_id, key] = value


def test_an_action_of_the_stages_definition_begins(monkeypatch):
    execution, store = Execution(web_shop()), Store(monkeypatch)
    declaration = execution.declaration("Build.Build")
    execution.xcoms.push("Build.exit", DEFINITION, declaration.wiring.definition.hash)

    refuse_another_definition(execution.context("Build.Build"), declaration)

    assert store.values == {}


def test_an_action_of_another_definition_refuses_and_leaves_why_with_its_stage(monkeypatch):
    execution, store = Execution(web_shop()), Store(monkeypatch)
    execution.xcoms.push("Build.exit", DEFINITION, "old")
    operator = execution.dag.task_dict["Build.Build"]

    with pytest.raises(AirflowFailException) as refusal:
        operator.execute(execution.context("Build.Build"))

    reason = store.values["Build.exit", CANCELLED]["reason"]
    assert str(refusal.value) == f"Cancelled: {reason}"
    assert reason.startswith("The definition of web-shop changed while this execution was in Build.")
    assert "It began with old, this is " in reason


def test_an_action_without_a_gate_begins(monkeypatch):
    execution, store = Execution(web_shop()), Store(monkeypatch)

    refuse_another_definition(execution.context("Build.Build"), execution.declaration("Build.Build"))

    assert store.values == {}


def test_the_gates_of_a_stage_are_told_the_definition_by_their_dag():
    dag = Execution(web_shop()).dag

    gate = dag.task_dict["Build.enter"]

    assert gate.trigger_kwargs["definition"]["hash"] == definition_hash(web_shop())
    assert gate.start_trigger_args.trigger_kwargs == gate.trigger_kwargs
