"""The answer that an earlier try of an approval got, as a trigger reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import comms, task_runner

from airflow_codepipeline.dag import given_answer
from airflow_codepipeline.dag.given_answer import GivenAnswerTrigger

TI = "01a20697-6fb6-7620-8d9f-351077b79a92"


@pytest.fixture
def answered(monkeypatch):
    """Make Airflow answer what a test puts into it."""
    answers = []

    async def asend(message):
        assert str(message.ti_id) == TI
        if isinstance(answers[0], Exception):
            raise answers[0]
        return answers[0]

    monkeypatch.setattr(given_answer, "_PAUSE", 0.0)
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", SimpleNamespace(asend=asend), raising=False)
    return answers


async def only_payload():
    [event] = [event async for event in GivenAnswerTrigger(ti_id=TI).run()]
    return event.payload


async def test_an_answer_is_handed_on_with_who_and_when(answered):
    answered.append(
        SimpleNamespace(
            response_received=True,
            chosen_options=["Approve"],
            params_input={"comment": "early"},
            responded_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
            responded_by_user=SimpleNamespace(id="1", name="Ada"),
        )
    )
    assert await only_payload() == {
        "chosen_options": ["Approve"],
        "params_input": {"comment": "early"},
        "responded_at": "2026-11-23T12:00:00+00:00",
        "responded_by_user": {"id": "1", "name": "Ada"},
    }


async def test_a_question_that_nobody_answered_is_no_answer(answered):
    answered.append(SimpleNamespace(response_received=False))
    assert await only_payload() is None


async def test_a_question_that_was_never_asked_is_no_answer(answered):
    answered.append(AirflowRuntimeError(comms.ErrorResponse(error=ErrorType.API_SERVER_ERROR)))
    assert await only_payload() is None
