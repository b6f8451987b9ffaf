"""The manual approval: what it asks, and what an answer does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from airflow_codepipeline.dag.approval import COMMENT, ManualApprovalSensor, approval_token, asked_users
from airflow_codepipeline.dag.decisions import ROLES
from airflow_codepipeline.dag.result import ActionResult
from airflow_codepipeline.dag.wiring import ActionDeclaration, Wiring
from airflow_codepipeline.definition.extension import ActionExtension, Approvers, Backfill, PipelineExtension
from airflow_codepipeline.definition.model import Action, ActionTypeId, Variable
from airflow_codepipeline.local.task_context import LocalDagRun, XComs, task_context
from fixtures.fake_service import pipeline_of

EXECUTION = "5b0e0b4e-0000-4000-8000-000000000000"
TEXT = "Release to #{variables.Where}?"


class ParkedError(Exception):
    """The task waits for an answer."""


@pytest.fixture(autouse=True)
def airflow_parks(monkeypatch):
    """What Airflow does with a question, as far as a task sees it."""
    asked = []

    def park(sensor, context):
        asked.append(sensor)
        raise ParkedError

    monkeypatch.setattr("airflow.providers.standard.operators.hitl.HITLOperator.execute", park)
    return asked


def sensor_of(
    *,
    timeout: int | None = None,
    approvers: Approvers | None = None,
    backfill: Backfill | None = None,
    **configuration: str,
) -> ManualApprovalSensor:
    action = Action(
        name="Release",
        action_type_id=ActionTypeId(category="Approval", provider="Manual"),
        configuration=configuration,
        timeout_in_minutes=timeout,
        airflow=ActionExtension(approvers=approvers),
    )
    pipeline = pipeline_of([action], variables=(Variable(name="Where", default_value="production"),))
    if backfill:
        pipeline = msgspec.structs.replace(pipeline, airflow=PipelineExtension(backfill=backfill))
    declaration = ActionDeclaration(Wiring.of(pipeline), pipeline.stages[0], action)
    return ManualApprovalSensor(declaration=declaration, task_id="Verify.Release")


def context_of(sensor, starter: str | None = None):
    run = LocalDagRun(dag_id="shop", run_id=EXECUTION)
    run.triggering_user_name = starter
    return task_context(run, sensor, XComs(), {"Where": "production"})


def answer(
    option: str, comment: str = "", *, by: str = "Ada", minute: int = 0, roles: list[str] | None = None
):
    return {
        "chosen_options": [option],
        "params_input": {COMMENT: comment} | ({} if roles is None else {ROLES: roles}),
        "responded_at": datetime(2026, 11, 23, 12, minute, tzinfo=UTC),
        "responded_by_user": {"id": f"id of {by}", "name": by},
    }


def decisions_of(context):
    return [
        (made["by"], made["status"], made["counted"])
        for made in context["ti"].xcom_pull("Verify.Release", "approval")["decisions"]
    ]


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
        "decisions": [
            {
                "by": "Ada",
                "byId": "id of Ada",
                "status": "Approved",
                "comment": "looks good",
                "at": "2026-11-23T12:00:00+00:00",
                "counted": True,
            }
        ],
    }


def test_rejection_fails_the_action_and_says_who_and_why():
    sensor = sensor_of()
    context = context_of(sensor)
    with pytest.raises(AirflowFailException, match="rejected by Ada: not on a Friday"):
        sensor.execute_complete(context, answer("Reject", "not on a Friday"))
    assert context["ti"].xcom_pull("Verify.Release", "approval")["status"] == "Rejected"


def test_nobody_answering_in_time_fails_the_action():
    sensor = sensor_of(timeout=30)
    with pytest.raises(AirflowFailException, match=r"nobody answered within 0:30:00"):
        sensor.execute_complete(context_of(sensor), {"error": "late", "error_type": "timeout"})


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


def test_an_answer_that_comes_while_the_earlier_one_is_looked_for_is_taken():
    sensor = sensor_of(CustomData=TEXT)
    result = ActionResult.from_xcom(sensor.ask_again(context_of(sensor), answer("Approve", "now")))
    assert result.summary == "Approved by Ada: now"


def test_one_approval_of_two_asks_again_and_the_second_person_decides():
    sensor = sensor_of(approvers=Approvers(users=("Ada", "Grace"), required=2), CustomData=TEXT)
    context = context_of(sensor)
    with pytest.raises(ParkedError):
        sensor.execute_complete(context, answer("Approve"))
    assert "Approved by Ada. 1 approval is missing: Ada or Grace may decide." in sensor.body
    assert context["ti"].xcom_pull("Verify.Release", "approval")["status"] == "InProgress"
    with pytest.raises(ParkedError):
        sensor.execute_complete(context, answer("Approve", minute=1))
    result = ActionResult.from_xcom(
        sensor.execute_complete(context, answer("Approve", "yes", by="Grace", minute=2))
    )
    assert result.summary == "Approved by Ada, Grace: yes"
    assert decisions_of(context) == [
        ("Ada", "Approved", True),
        ("Ada", "Approved", False),
        ("Grace", "Approved", True),
    ]


def test_an_answer_of_somebody_who_may_not_is_kept_and_does_not_count():
    sensor = sensor_of(approvers=Approvers(users=("Ada",)))
    context = context_of(sensor)
    with pytest.raises(ParkedError):
        sensor.execute_complete(context, answer("Reject", by="Eve"))
    assert decisions_of(context) == [("Eve", "Rejected", False)]
    kept = context["ti"].xcom_pull("Verify.Release", "approval")["decisions"][0]
    assert kept["reason"] == "Eve may not decide: Ada may."


def test_who_started_the_execution_does_not_count():
    sensor = sensor_of(approvers=Approvers(exclude_starter=True))
    context = context_of(sensor, starter="Ada")
    with pytest.raises(ParkedError):
        sensor.execute_complete(context, answer("Approve"))
    assert sensor.execute_complete(context, answer("Approve", by="Grace"))["summary"] == "Approved by Grace"


def test_a_role_counts_by_the_mark_of_the_api_server_alone():
    sensor = sensor_of(approvers=Approvers(users=("Ada",), roles=("release-manager",)))
    context = context_of(sensor)
    for roles in (None, [], ["dev"]):
        with pytest.raises(ParkedError):
            sensor.execute_complete(context, answer("Approve", by="Eve", roles=roles))
    taken = sensor.execute_complete(context, answer("Approve", by="Eve", minute=1, roles=["release-manager"]))
    assert taken["summary"] == "Approved by Eve"


def test_answers_given_so_far_survive_a_retry():
    approvers = Approvers(users=("Ada", "Grace"), required=2)
    sensor = sensor_of(approvers=approvers)
    context = context_of(sensor)
    with pytest.raises(ParkedError):
        sensor.execute_complete(context, answer("Approve"))
    retry = context_of(sensor_of(approvers=approvers)) | {"task_state_store": context["task_state_store"]}
    again = sensor_of(approvers=approvers)
    with pytest.raises(ParkedError):
        again.ask_again(retry, None)
    assert decisions_of(retry) == [("Ada", "Approved", True)]
    assert again.execute_complete(retry, answer("Approve", by="Grace"))["summary"] == "Approved by Ada, Grace"


def test_an_answer_that_a_crash_lets_come_twice_counts_once():
    sensor = sensor_of(approvers=Approvers(users=("Ada", "Grace"), required=2))
    context = context_of(sensor)
    for _ in range(2):
        with pytest.raises(ParkedError):
            sensor.execute_complete(context, answer("Approve"))
    assert decisions_of(context) == [("Ada", "Approved", True)]


def test_asking_again_does_not_move_the_deadline(monkeypatch):
    sensor = sensor_of(timeout=30, approvers=Approvers(required=2))
    context = context_of(sensor)
    record = sensor.prepare(context)
    with pytest.raises(ParkedError):
        sensor.execute_complete(context, answer("Approve"))
    left = datetime.fromisoformat(record.deadline) - datetime.now(UTC)
    assert sensor.response_timeout - left < timedelta(minutes=1)
    assert sensor.response_timeout < timedelta(minutes=30)
    with pytest.raises(AirflowFailException, match=r"too few answered within 0:30:00"):
        sensor.execute_complete(context, {"error": "late", "error_type": "timeout"})


def test_an_approval_that_too_few_are_left_for_fails_at_once():
    sensor = sensor_of(approvers=Approvers(users=("Ada",), exclude_starter=True))
    with pytest.raises(AirflowFailException, match="1 approval is needed, and 0 may decide without Ada"):
        sensor.execute(context_of(sensor, starter="Ada"))


def test_the_pipelines_approvers_are_the_default_of_its_approvals():
    own, default = Approvers(users=("Ada",)), Approvers(users=("Grace",))
    for approvers, expected in ((own, own), (None, default)):
        action = sensor_of(approvers=approvers).declaration.action
        pipeline = pipeline_of([action])
        pipeline = msgspec.structs.replace(pipeline, airflow=PipelineExtension(approvers=default))
        declaration = ActionDeclaration(Wiring.of(pipeline), pipeline.stages[0], action)
        sensor = ManualApprovalSensor(declaration=declaration, task_id="Verify.Release")
        assert sensor.approvers == expected


def test_airflow_itself_asks_named_users_where_their_names_are_their_ids(monkeypatch):
    approvers = Approvers(users=("Ada", "Grace"), exclude_starter=True)
    assert asked_users(approvers, "Ada") == [{"id": "Grace", "name": "Grace"}]
    assert asked_users(Approvers(users=("Ada",), roles=("dev",)), None) is None
    assert asked_users(None, None) is None
    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", "airflow.providers.fab.auth_manager.FabAuthManager")
    assert asked_users(approvers, None) is None


def test_what_was_decided_before_a_crash_is_not_asked_again():
    approvers = Approvers(users=("Ada",))
    sensor = sensor_of(approvers=approvers)
    context = context_of(sensor)
    sensor.execute_complete(context, answer("Approve"))
    retry = context_of(sensor_of(approvers=approvers)) | {"task_state_store": context["task_state_store"]}
    assert sensor_of(approvers=approvers).ask_again(retry, None)["summary"] == "Approved by Ada"


@pytest.mark.parametrize(
    ("run_type", "approvals", "skips"),
    [("backfill", "skip", True), ("backfill", "ask", False), ("scheduled", "skip", False)],
)
def test_only_a_backfill_whose_pipeline_says_so_skips_approvals(
    monkeypatch, airflow_parks, run_type, approvals, skips
):
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    sensor = sensor_of(backfill=Backfill(approvals=approvals), CustomData=TEXT)
    context = context_of(sensor)
    context["dag_run"].run_type = run_type

    if skips:
        result = ActionResult.from_xcom(sensor.execute(context))
        assert result.summary == "Skipped: a backfill"
        assert airflow_parks == []
    else:
        with pytest.raises(ParkedError):
            sensor.execute(context)
