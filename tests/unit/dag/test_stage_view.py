"""What a gate asks of Airflow about runs, at a channel that answers from memory."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import comms, task_runner

from airflow_codepipeline.dag.stage_view import RUNS_A_QUESTION, AirflowStageView

ENTER, EXIT = "Build.enter", "Build.exit"


class Channel:
    """A supervisor that knows runs, all of them inside the stage, and Variables."""

    def __init__(self, runs) -> None:
        self.runs = runs
        self.variables: dict[str, str] = {}
        self.asked: list[list[str] | None] = []

    async def asend(self, message):
        return getattr(self, message.type)(message)

    def GetTaskStates(self, message):  # noqa: N802 the messages' own names
        self.asked.append(message.run_ids)
        wanted = self.runs if message.run_ids is None else message.run_ids
        return comms.TaskStatesResult(task_states={run: {ENTER: "success", EXIT: None} for run in wanted})

    def GetVariable(self, message):  # noqa: N802
        if message.key not in self.variables:
            raise AirflowRuntimeError(comms.ErrorResponse(error=ErrorType.VARIABLE_NOT_FOUND))
        return comms.VariableResult(key=message.key, value=self.variables[message.key])

    def PutVariable(self, message):  # noqa: N802
        self.variables[message.key] = message.value


@pytest.fixture
def channel(monkeypatch):
    made = Channel([f"run-{number}" for number in range(2 * RUNS_A_QUESTION + 1)])
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", made, raising=False)
    return made


@pytest.fixture
def view():
    return AirflowStageView(dag_id="shop", enter_task=ENTER, exit_task=EXIT)


@pytest.mark.parametrize("text", ['{"Build": nonsense', '{"Build": "closed"}', "[]"])
async def test_nobody_goes_in_while_the_transitions_cannot_be_read_and_the_log_says_so_once(
    channel, view, text, caplog
):
    channel.variables["codepipeline.transitions.shop"] = text

    assert [await view.disabled() for _ in range(3)] == [True, True, True]

    [record] = caplog.records
    assert "Variable codepipeline.transitions.shop cannot be read" in record.getMessage()
    channel.variables["codepipeline.transitions.shop"] = '{"Build": {"enabled": true}}'
    assert not await view.disabled()


async def test_many_runs_are_asked_for_in_questions_that_fit_an_address(channel, view):
    states = await view.states(channel.runs)

    assert list(states) == channel.runs
    assert [len(asked) for asked in channel.asked] == [RUNS_A_QUESTION, RUNS_A_QUESTION, 1]


async def test_all_runs_are_asked_for_in_one_question(channel, view):
    states = await view.states(None)

    assert list(states) == channel.runs
    assert channel.asked == [None]


async def test_what_one_gate_registers_another_reads(channel, view):
    assert await view.register() is None

    await view.write_register(["one", "two"])

    assert await AirflowStageView(dag_id="shop", enter_task="Test.enter", exit_task=EXIT).register() == [
        "one",
        "two",
    ]


@pytest.mark.parametrize("text", ["", "no JSON", '{"one": 1}', "[1]"])
async def test_a_register_that_somebody_spoilt_is_not_used_and_that_is_said(channel, view, caplog, text):
    channel.variables["codepipeline.open.shop"] = text

    assert await view.register() is None
    assert "codepipeline.open.shop is no list of runs" in caplog.text
