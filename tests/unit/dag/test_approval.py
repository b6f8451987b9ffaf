"""The manual approval: what it asks, and what an answer does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from airflow.providers.standard.exceptions import HITLTimeoutError
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from airflow_codepipeline.dag.approval import COMMENT, ManualApprovalSensor, approval_token
from airflow_codepipeline.dag.result import ActionResult
from airflow_codepipeline.dag.wiring import ActionDeclaration, Wiring
from airflow_codepipeline.definition.model import Action, ActionTypeId, Variable
from airflow_codepipeline.local.task_context import LocalDagRun, XComs, task_context
from fixtures.fake_service import pipeline_of

EXECUTION = "5b0e0b4e-0000-4000-8000-000000000000"
TEXT = "Release to #{variables.Where}?"


def sensor_of(*, timeout: int | None = None, **configuration: str) -> ManualApprovalSensor:
    action = Action(
        name="Release",
        action_type_id=ActionTypeId(category="Approval", provider="Manual"),
        configuration=configuration,
        timeout_in_minutes=timeout,
    )
    pipeline = pipeline_of([action], variables=(Variable(name="Where", default_value="production"),))
    declaration = ActionDeclaration(Wiring.of(pipeline), pipeline.stages[0], action)
    return ManualApprovalSensor(declaration=declaration, task_id="Verify.Release")


def context_of(sensor):
    run = LocalDagRun(dag_id="shop", run_id=EXECUTION)
    return task_context(run, sensor, XComs(), {"Where": "production"})


def answer(option: str, comment: str = ""):
    return {
        "chosen_options": [option],
        "params_input": {COMMENT: comment},
        "responded_at": datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
        "responded_by_user": {"id": "1", "name": "Ada"},
    }


def test_the_question_has_its_variables_resolved_and_its_link():
    sensor = sensor_of(CustomData=TEXT, ExternalEntityLink="https://example.com/#{variables.Where}")
    sensor.prepare(context_of(sensor))
    assert sensor.body == (
        "Release to production?\n\n[https://example.com/production](https://example.com/production)"
    )


def test_a_question_that_cannot_be_resolved_fails_the_action():
    sensor = sensor_of(CustomData="#{Build.VERSION}")
    with pytest.raises(AirflowFailException, match=r"shop/Verify/Release failed: .*#\{Build\.VERSION\}"):
        sensor.prepare(context_of(sensor))


def test_it_waits_seven_days_unless_the_action_says_otherwise():
    assert sensor_of().response_timeout == timedelta(days=7)
    assert sensor_of(timeout=30).response_timeout == timedelta(minutes=30)


def test_approval_succeeds_and_keeps_who_and_why():
    sensor = sensor_of(CustomData=TEXT)
    context = context_of(sensor)
    result = ActionResult.from_xcom(sensor.execute_complete(context, answer("Approve", "looks good")))
    assert result.summary == "Approved by Ada: looks good"
    assert result.configuration == {"CustomData": "Release to production?"}
    assert context["ti"].xcom_pull("Verify.Release", "approval") == {
        "status": "Approved",
        "summary": "looks good",
        "by": "Ada",
        "at": "2026-11-23T12:00:00+00:00",
    }


def test_rejection_fails_the_action_and_says_who_and_why():
    sensor = sensor_of()
    context = context_of(sensor)
    with pytest.raises(AirflowFailException, match="rejected by Ada: not on a Friday"):
        sensor.execute_complete(context, answer("Reject", "not on a Friday"))
    assert context["ti"].xcom_pull("Verify.Release", "approval")["status"] == "Rejected"


def test_nobody_answering_in_time_fails_the_action():
    sensor = sensor_of(timeout=30)
    with pytest.raises(AirflowFailException, match=r"nobody answered within 0:30:00") as failure:
        sensor.execute_complete(context_of(sensor), {"error": "late", "error_type": "timeout"})
    assert isinstance(failure.value.__cause__, HITLTimeoutError)


def test_a_topic_that_cannot_be_told_fails_the_action(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    sensor = sensor_of(NotificationArn="not-an-arn")
    with pytest.raises(AirflowFailException, match="shop/Verify/Release failed"):
        sensor.prepare(context_of(sensor))


def test_the_token_of_an_attempt_is_always_the_same():
    assert approval_token(EXECUTION) == approval_token(EXECUTION)
    assert approval_token(EXECUTION) != approval_token("5b0e0b4e-0000-4000-8000-000000000001")


def test_a_try_after_the_first_looks_for_the_answer_before_it_asks_again():
    sensor = sensor_of(CustomData=TEXT)
    context = context_of(sensor)
    sensor.prepare(context)
    context["ti"].id = "01a20697-6fb6-7620-8d9f-351077b79a92"
    with pytest.raises(TaskDeferred) as deferral:
        sensor.execute(context)
    assert deferral.value.method_name == "ask_again"
    _, kwargs = deferral.value.trigger.serialize()
    assert kwargs == {"ti_id": "01a20697-6fb6-7620-8d9f-351077b79a92"}


def test_the_answer_that_an_earlier_try_got_is_taken():
    sensor = sensor_of(CustomData=TEXT)
    given = answer("Approve", "early") | {"responded_at": "2026-11-23T12:00:00+00:00"}
    result = ActionResult.from_xcom(sensor.ask_again(context_of(sensor), given))
    assert result.summary == "Approved by Ada: early"
