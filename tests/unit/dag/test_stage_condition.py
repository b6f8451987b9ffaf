"""The tasks of conditions: what they start, what they decide, what they leave."""

from __future__ import annotations

import msgspec
import pytest
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    DownstreamTasksSkipped,
    TaskDeferred,
)
from airflow.triggers.base import TaskSkippedEvent, TaskSuccessEvent, TriggerEvent

from airflow_codepipeline import actions
from airflow_codepipeline.actions.base import JobStatus
from airflow_codepipeline.dag import failure_condition, stage_condition, stopping, supervisor
from airflow_codepipeline.dag.condition_trigger import ConditionTrigger
from airflow_codepipeline.dag.failure_condition import StageFailureTrigger
from airflow_codepipeline.dag.rule_ledger import RuleLedger
from airflow_codepipeline.definition.model import Pipeline
from airflow_codepipeline.errors import ActionError, TransientError
from airflow_codepipeline.local.task_context import LocalTaskInstance
from airflow_codepipeline.rules import registry
from fixtures import fake_service
from fixtures.fake_service import RULE, FakeAirflow, FakeService, cancelled_while_asked
from unit.dag.kit import RUN_ID, Execution

RUNNING, SUCCEEDED = JobStatus.RUNNING, JobStatus.SUCCEEDED


@pytest.fixture(autouse=True)
def service(monkeypatch):
    fresh = FakeService()
    monkeypatch.setattr(fake_service, "SERVICE", fresh)
    monkeypatch.setitem(registry.RULES, "CodeBuild", RULE)
    monkeypatch.setattr(stopping, "PAUSE_SECONDS", 0)
    return fresh


def colour(value="blue", **more):
    """A rule that holds where the variable Colour has that value."""
    configuration = {"Variable": "#{variables.Colour}", "Operator": "EQ", "Value": value}
    return {
        "name": f"Is-{value}",
        "ruleTypeId": {"provider": "VariableCheck"},
        "configuration": configuration,
        **more,
    }


def build(name="Check", **more):
    """A rule that takes its time."""
    configuration = {"ProjectName": "check"}
    return {"name": name, "ruleTypeId": {"provider": "CodeBuild"}, "configuration": configuration, **more}


class Trial(Execution):
    """A pipeline whose second stage has one condition, and the task of that condition."""

    def __init__(self, hook, *rules, result=None) -> None:
        declared_hook = (
            {"conditions": [{"result": result, "rules": list(rules)}]} if rules else {"result": result}
        )
        action = {"actionTypeId": {"category": "Test", "provider": "CodeBuild"}}
        deploy = [
            {"name": "One", **action},
            {"name": "Two", "runOrder": 2, **action},
            {"name": "beforeEntry", **action},
        ]
        declared = {
            "name": "shop",
            "roleArn": "arn:aws:iam::000000000000:role/shop",
            "artifactStore": {"location": "store"},
            "variables": [{"name": "Colour", "defaultValue": "blue"}],
            "airflow": {"region": "eu-west-1"},
            "stages": [{"name": "Deploy", "actions": deploy, hook: declared_hook}],
        }
        super().__init__(msgspec.convert(declared, Pipeline))
        self.task_id = f"Deploy.{hook}"
        self.task = self.dag.task_dict[self.task_id]
        self.task_context = self.context(self.task_id)

    def execute(self):
        return self.task.execute(self.task_context)

    def left(self):
        return self.xcoms.pull(self.task_id, "return_value")


async def only_event(trigger):
    [event] = [event async for event in trigger.run()]
    return event


def test_a_condition_that_is_met_lets_the_stage_go_on():
    outcome = Trial("beforeEntry", colour(), result="FAIL").execute()
    [rule] = outcome["rules"]

    assert (outcome["status"], outcome["result"], outcome["engaged"]) == ("Succeeded", "FAIL", False)
    assert rule["ruleName"] == "Is-blue"
    assert len(rule["ruleExecutionId"]) == 36
    assert (rule["status"], rule["summary"]) == ("Succeeded", "'blue' is equal to 'blue'.")
    assert rule["errorDetails"] is None


def test_no_rule_starts_for_an_execution_that_has_left_the_stage(service, monkeypatch):
    def left(*_):
        raise ActionError("StageNotEntered", "Clear all tasks of the group Deploy.")

    monkeypatch.setattr(stage_condition, "check_inside", left)

    with pytest.raises(AirflowFailException, match="Clear all tasks of the group Deploy"):
        Trial("onSuccess", build(), result="FAIL").execute()

    assert service.jobs == {}


@pytest.mark.parametrize("hook", ["beforeEntry", "onSuccess"])
@pytest.mark.parametrize("result", [None, "FAIL"])
def test_a_condition_that_is_not_met_fails_its_task_and_names_the_rule(hook, result):
    trial = Trial(hook, colour(), colour("red"), result=result)

    with pytest.raises(AirflowFailException, match=rf"shop/Deploy/{hook} is not met: rule Is-red: .*'blue'"):
        trial.execute()

    outcome = trial.left()
    assert (outcome["status"], outcome["result"], outcome["engaged"]) == ("Failed", result, True)
    assert [rule["status"] for rule in outcome["rules"]] == ["Succeeded", "Failed"]
    assert outcome["rules"][1]["errorDetails"]["code"] == "JobFailed"


def test_skip_skips_the_first_actions_and_succeeds():
    trial = Trial("beforeEntry", colour("red"), result="SKIP")

    with pytest.raises(DownstreamTasksSkipped) as skipped:
        trial.execute()

    assert skipped.value.tasks == ["Deploy.One", "Deploy._x62_eforeEntry"]
    assert (trial.left()["status"], trial.left()["engaged"]) == ("Failed", True)


def test_rollback_fails_the_task_and_leaves_what_is_to_follow():
    trial = Trial("onSuccess", colour("red"), result="ROLLBACK")

    with pytest.raises(AirflowFailException):
        trial.execute()

    assert (trial.left()["result"], trial.left()["engaged"]) == ("ROLLBACK", True)


def test_a_variable_without_value_is_an_error_and_fails_the_stage_instead_of_skipping_it():
    rule = colour(configuration={"Variable": "#{Build.TAG}", "Operator": "EQ", "Value": "x"})
    trial = Trial("beforeEntry", rule, result="SKIP")

    with pytest.raises(AirflowFailException, match=r"#\{Build\.TAG\} has no value"):
        trial.execute()

    assert (trial.left()["status"], trial.left()["engaged"]) == ("Errored", False)


@pytest.mark.parametrize(
    ("hook", "key"), [("beforeEntry", "override.BEFORE_ENTRY"), ("onSuccess", "override.ON_SUCCESS")]
)
def test_a_condition_that_was_overridden_is_not_evaluated(hook, key, service):
    trial = Trial(hook, build(), result="FAIL")
    trial.xcoms.push("Deploy.exit", key, {"by": "ada", "at": "2026-11-25T12:00:00Z"})

    assert trial.execute()["status"] == "Overridden"
    assert service.jobs == {}


def test_rules_are_evaluated_side_by_side_in_one_trigger(service):
    service.will_answer(RUNNING, RUNNING)
    trial = Trial("onSuccess", build("A"), build("B"), colour())

    with pytest.raises(TaskDeferred) as deferral:
        trial.execute()

    assert len(service.jobs) == 2
    assert deferral.value.method_name == "resume"
    assert [record["rule"] for record in deferral.value.trigger.records] == ["A", "B", "Is-blue"]


def waiting(trial, service, *answers) -> ConditionTrigger:
    """The trigger as Airflow makes it again, with what the service answers from now on."""
    service.will_answer(*([RUNNING] * len(trial.task.declaration.rules)))
    with pytest.raises(TaskDeferred) as deferral:
        trial.execute()
    service.will_answer(*answers)
    _, arguments = deferral.value.trigger.serialize()
    return ConditionTrigger(**arguments)


async def test_where_all_rules_succeed_the_task_ends_in_the_triggerer(service):
    trigger = waiting(Trial("onSuccess", build("A"), result="FAIL"), service, RUNNING, SUCCEEDED)

    assert isinstance(await only_event(trigger), TaskSuccessEvent)
    assert (trigger.result["status"], trigger.result["engaged"]) == ("Succeeded", False)
    [rule] = trigger.result["rules"]
    assert (rule["externalExecutionId"], rule["summary"]) == ("job-1", "done")


async def test_a_trigger_that_is_cancelled_while_its_rules_are_asked_after_learns_why(service, monkeypatch):
    trigger = waiting(Trial("onSuccess", build("A"), build("B")), service)
    assert await cancelled_while_asked(monkeypatch, only_event(trigger)) == ("user-action",)


async def test_where_a_rule_fails_a_worker_says_so(service):
    trial = Trial("onSuccess", build(), result="FAIL")
    event = await only_event(waiting(trial, service, ActionError("JobFailed", "exit status 1")))

    with pytest.raises(AirflowFailException, match="rule Check: exit status 1"):
        trial.task.resume(trial.task_context, event.payload)

    assert trial.left()["status"] == "Failed"


async def test_an_aws_that_does_not_answer_for_now_is_asked_again(service):
    lost = TransientError("ThrottlingException", "slow down")
    trigger = waiting(Trial("onSuccess", build()), service, lost, RUNNING, SUCCEEDED)

    assert isinstance(await only_event(trigger), TaskSuccessEvent)


def test_a_rule_that_takes_too_long_is_stopped_and_fails(service):
    service.will_answer(RUNNING)

    with pytest.raises(AirflowFailException, match="timed out"):
        Trial("beforeEntry", build(timeoutInMinutes=0)).execute()
    assert service.stopped == ["job-1"]


async def test_a_task_that_is_killed_stops_the_jobs_of_its_rules(service):
    trial = Trial("onSuccess", build("A"), build("B"))

    await waiting(trial, service).on_kill()
    assert sorted(service.stopped) == ["job-1", "job-2"]

    trial.task.stop()
    assert service.stopped[2:] == ["job-1", "job-2"]


def test_a_worker_that_is_told_to_end_leaves_its_rules_to_the_next_and_starts_none(service):
    service.will_answer(RUNNING, RUNNING)
    trial = Trial("onSuccess", build("A"), build("B"))
    trial.task.on_kill()

    with pytest.raises(AirflowException, match="Rule A was not started: its worker was told to end"):
        trial.execute()

    assert (service.jobs, service.stopped) == ({}, [])


def test_a_condition_that_was_ended_before_it_waits_has_its_rules_stopped(service, monkeypatch):
    trial = Trial("onSuccess", build("A"), build("B"))
    service.will_answer(RUNNING, RUNNING)
    states = {RUN_ID: {trial.task_id: "upstream_failed"}}
    monkeypatch.setattr(LocalTaskInstance, "get_task_states", lambda *_, **__: states)

    with pytest.raises(TaskDeferred):
        trial.execute()

    assert service.stopped == ["job-1", "job-2"]


def test_a_condition_that_was_ended_before_a_rule_was_stored_has_that_stopped(service, monkeypatch):
    trial, save = Trial("onSuccess", build("A")), RuleLedger.save

    def gone(ledger, index, record):
        if record.job is not None:
            raise RuntimeError("Task instance not found")
        return save(ledger, index, record)

    monkeypatch.setattr(RuleLedger, "save", gone)
    states = {RUN_ID: {trial.task_id: "failed"}}
    monkeypatch.setattr(LocalTaskInstance, "get_task_states", lambda *_, **__: states)

    with pytest.raises(RuntimeError, match="not found"):
        trial.execute()

    assert service.stopped == ["job-1"]


async def test_a_rule_is_stopped_where_what_its_configuration_refers_to_is_gone(service, monkeypatch):
    def gone(_):
        raise ActionError("ConfigurationError", "there is no such secret")

    trigger = waiting(Trial("onSuccess", build()), service)
    monkeypatch.setattr(actions.registry, "with_references", gone)

    event = await only_event(trigger)

    [record] = event.payload["records"]
    assert (record["status"], record["error"]["message"]) == ("Failed", "there is no such secret")
    assert service.stopped == ["job-1"]


async def test_a_rule_that_cannot_be_stopped_keeps_no_other_from_it(service):
    trial = Trial("onSuccess", build("A"), build("B"))
    trigger, refused = waiting(trial, service), ActionError("AccessDeniedException", "StopBuild: no")

    service.stop_errors = [refused]
    await trigger.on_kill()
    assert len(service.stopped) == 1

    service.stop_errors = [refused]
    trial.task.stop()
    assert service.stopped[1:] == ["job-2"]


async def test_a_stop_that_aws_does_not_answer_is_tried_again(service):
    trigger = waiting(Trial("onSuccess", build("A"), build("B")), service)
    service.stop_errors = [TransientError("ThrottlingException", "slow down")] * 3

    await trigger.on_kill()

    assert sorted(service.stopped) == ["job-1", "job-2"]


def test_a_rule_that_takes_too_long_and_cannot_be_stopped_has_timed_out_all_the_same(service):
    service.will_answer(RUNNING)
    service.stop_errors = [ActionError("AccessDeniedException", "StopBuild: no")]

    with pytest.raises(AirflowFailException, match=r"timed out.*could not be stopped: AccessDenied"):
        Trial("beforeEntry", build(timeoutInMinutes=0)).execute()


@pytest.mark.parametrize(("cleared", "stopped"), [(False, []), (True, ["job-1"])])
async def test_rules_are_stopped_only_where_no_other_triggerer_waits_for_them(
    service, monkeypatch, cleared, stopped
):
    trial = Trial("onSuccess", build())
    trigger = waiting(trial, service)
    if cleared:
        trial.task_context["ti"].max_tries += 1 + trial.task.retries
        waiting(trial, service)
    waits_for = trial.xcoms.pull(trial.task_id, "rule_execution_ids")
    trigger.task_instance = FakeAirflow(monkeypatch, "deferred", rule_execution_ids=waits_for)

    await trigger.on_kill()

    assert service.stopped == stopped


def test_a_try_after_a_crash_finds_the_jobs_that_are_there(service):
    trial = Trial("onSuccess", build("A"), build("B"))
    service.start_errors = [TransientError("SystemUnavailable", "no answer")]

    with pytest.raises(AirflowException, match="It is tried again"):
        trial.execute()
    service.will_answer(RUNNING, RUNNING)
    with pytest.raises(TaskDeferred):
        trial.execute()

    assert len(service.jobs) == 2


def test_a_cleared_task_evaluates_its_rules_anew(service):
    trial = Trial("onSuccess", build())
    first = trial.execute()
    trial.task_context["ti"].max_tries += 1 + trial.task.retries
    second = trial.execute()

    assert len(service.jobs) == 2
    assert first["rules"][0]["ruleExecutionId"] != second["rules"][0]["ruleExecutionId"]


def test_a_rule_runs_in_its_own_region_as_its_own_role(service, monkeypatch):
    seen = []
    monkeypatch.setattr(fake_service.FakeProvider, "start", lambda _, aws: seen.append(aws.context.identity))
    role = "arn:aws:iam::111111111111:role/check"

    with pytest.raises(TaskDeferred):
        Trial("onSuccess", build(region="us-east-1", roleArn=role)).execute()

    assert (seen[0].region, seen[0].roles[-1]) == ("us-east-1", role)


class TestOnFailure:
    def settled(self, *rules, retries=None, **more):
        trial = Trial("onFailure", *rules, **more)
        if retries is not None:
            trial.xcoms.push("Deploy.exit", "retries", {"autoStageRetryAttempt": retries})
        return trial.task.settled(trial.task_context)

    def test_a_condition_that_is_met_engages_the_result(self):
        outcome = self.settled(colour(), result="ROLLBACK")
        assert (outcome["status"], outcome["result"], outcome["engaged"]) == ("Succeeded", "ROLLBACK", True)

    def test_a_condition_that_is_not_met_engages_nothing_and_fails_nothing(self):
        outcome = self.settled(colour("red"), result="ROLLBACK")
        assert (outcome["status"], outcome["engaged"]) == ("Failed", False)
        assert outcome["rules"][0]["errorDetails"]["message"].startswith("The variable is 'blue'")

    @pytest.mark.parametrize(("retries", "engaged"), [(None, True), (0, True), (1, False)])
    def test_a_retry_is_engaged_once(self, retries, engaged):
        outcome = self.settled(colour(), result="RETRY", retries=retries)
        assert (outcome["engaged"], outcome["retryMode"]) == (engaged, "FAILED_ACTIONS")

    @pytest.mark.parametrize("key", ["stopped", "cancelled"])
    def test_an_execution_that_was_stopped_is_left_alone(self, key):
        trial = Trial("onFailure", colour(), result="RETRY")
        trial.xcoms.push("Deploy.exit", key, {"by": "ada", "at": "now", "reason": "no more"})
        with pytest.raises(AirflowSkipException):
            trial.task.settled(trial.task_context)

    async def test_rules_that_take_their_time_are_decided_by_a_worker(self, service):
        trial = Trial("onFailure", build(), result="RETRY")
        service.will_answer(RUNNING)
        with pytest.raises(TaskDeferred) as deferral:
            trial.task.settled(trial.task_context)

        event = await only_event(deferral.value.trigger)

        assert isinstance(event, TriggerEvent)
        assert trial.task.resume(trial.task_context, event.payload)["engaged"]


class TestFailureTrigger:
    """The wait for the end of a stage's actions, on an Airflow that answers what a test says."""

    @pytest.fixture
    def stage(self, monkeypatch):
        return FakeStage(monkeypatch)

    def trigger(self, **more):
        task = Trial("onFailure", **more).task
        trigger = StageFailureTrigger(**task.trigger_kwargs)
        trigger.task_instance = FakeTask()
        return trigger

    async def test_it_waits_until_no_action_can_run_any_more(self, stage):
        stage.looks = [["failed", "running", None], ["failed", "success", None]]
        stage.looks.append(["failed", "success", "upstream_failed"])

        assert isinstance(await only_event(self.trigger(result="RETRY")), TaskSuccessEvent)
        assert stage.looks == []
        assert stage.left == {
            "status": "Succeeded", "result": "RETRY", "engaged": True, "rules": [],
            "retryMode": "FAILED_ACTIONS",
        }  # fmt: skip

    async def test_a_retry_that_was_used_is_not_engaged_again(self, stage):
        stage.looks = [["failed", "success", "success"]]
        stage.records = {"retries": {"autoStageRetryAttempt": 1}}

        await only_event(self.trigger(result="RETRY"))
        assert stage.left["engaged"] is False

    @pytest.mark.parametrize("states", [["upstream_failed"] * 3, ["success", "skipped", "success"]])
    async def test_actions_that_did_not_fail_are_no_failure(self, stage, states):
        stage.looks = [states]
        assert isinstance(await only_event(self.trigger(result="ROLLBACK")), TaskSkippedEvent)
        assert stage.left is None

    @pytest.mark.parametrize("key", ["stopped", "cancelled"])
    async def test_a_stop_is_no_failure(self, stage, key):
        stage.looks = [["failed", "success", "success"]]
        stage.records = {key: {"reason": "no more"}}
        assert isinstance(await only_event(self.trigger(result="ROLLBACK")), TaskSkippedEvent)

    async def test_rules_are_started_on_a_worker(self, stage):
        stage.looks = [["failed", "success", "success"]]
        trigger = StageFailureTrigger(**Trial("onFailure", colour(), result="RETRY").task.trigger_kwargs)
        trigger.task_instance = FakeTask()

        event = await only_event(trigger)

        assert type(event) is TriggerEvent
        assert stage.left is None


class FakeTask:
    dag_id, run_id, task_id = "shop", RUN_ID, "Deploy.onFailure"


class FakeStage:
    """What Airflow says of the stage, look by look."""

    def __init__(self, monkeypatch) -> None:
        self.looks: list[list[str | None]] = []
        self.records: dict[str, object] = {}
        self.left = None
        monkeypatch.setattr(failure_condition, "POLL_SECONDS", 0.0)
        monkeypatch.setattr(supervisor, "ask", self.ask)
        monkeypatch.setattr(supervisor, "pull_xcom", self.pull)
        monkeypatch.setattr(supervisor, "push_xcom", self.push)

    async def ask(self, message):
        states = dict(zip(message.task_ids, self.looks.pop(0), strict=True))
        return type("Answer", (), {"task_states": {RUN_ID: states}})

    async def pull(self, *, key, **_):
        return self.records.get(key)

    async def push(self, *, value, **_):
        self.left = value


def test_the_time_of_a_rule_is_what_it_declares_or_an_hour():
    trial = Trial("onSuccess", build("A", timeoutInMinutes=5), build("B"))
    first, second = trial.task.declaration.rules

    assert registry.timeout_of(first).total_seconds() == 300
    assert registry.timeout_of(second).total_seconds() == 3600
