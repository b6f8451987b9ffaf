"""The wait for a job in the triggerer."""

from __future__ import annotations

import asyncio

import pytest
from airflow.sdk.exceptions import TaskDeferred
from airflow.triggers.base import TaskSuccessEvent

from airflow_codepipeline.actions import registry
from airflow_codepipeline.actions.base import JobStatus
from airflow_codepipeline.dag import action_trigger, stopping
from airflow_codepipeline.dag.action_trigger import ActionTrigger
from airflow_codepipeline.dag.attempt import open_attempt
from airflow_codepipeline.errors import ActionError, ArtifactError, TransientError
from fixtures import fake_service
from fixtures.fake_service import KIND, PROVIDER, FakeAirflow, FakeService, Trial, cancelled_while_asked

RUNNING = JobStatus.RUNNING
JOB_1 = "https://fake.example.com/job-1"


@pytest.fixture
def service(monkeypatch):
    fresh = FakeService()
    monkeypatch.setattr(fake_service, "SERVICE", fresh)
    monkeypatch.setitem(registry.PROVIDERS, str(KIND), PROVIDER)
    monkeypatch.setattr(stopping, "PAUSE_SECONDS", 0)
    return fresh


def waiting_trigger(service, *answers, timeout=None) -> ActionTrigger:
    service.will_answer(RUNNING, *answers)
    with pytest.raises(TaskDeferred) as deferral:
        Trial(timeout=timeout).execute()
    _, kwargs = deferral.value.trigger.serialize()
    return ActionTrigger(**kwargs)


def refer_to_nothing(monkeypatch):
    def gone(_):
        raise ActionError("ConfigurationError", "there is no such secret")

    monkeypatch.setattr(registry, "with_references", gone)


async def only_event(trigger):
    events = [event async for event in trigger.run()]
    assert len(events) == 1
    return events[0]


async def test_success_ends_the_task_in_the_triggerer(service):
    trigger = waiting_trigger(service, RUNNING, RUNNING, JobStatus.SUCCEEDED)
    assert isinstance(await only_event(trigger), TaskSuccessEvent)
    assert trigger.result["variables"] == {"JOB": "job-1"}


async def test_failure_goes_back_to_a_worker_with_its_reason(service):
    trigger = waiting_trigger(service, RUNNING, ActionError("JobFailed", "exit status 1"))
    event = await only_event(trigger)
    assert event.payload == {"code": "JobFailed", "message": "exit status 1"}


async def test_an_aws_that_does_not_answer_for_now_is_asked_again(service):
    lost = TransientError("ThrottlingException", "slow down")
    trigger = waiting_trigger(service, lost, lost, JobStatus.SUCCEEDED)
    assert isinstance(await only_event(trigger), TaskSuccessEvent)


async def test_a_job_goes_on_while_the_values_that_its_configuration_refers_to_cannot_be_had(
    service, monkeypatch
):
    trigger, tries = waiting_trigger(service, JobStatus.SUCCEEDED), []

    def opened(record):
        tries.append(record)
        if len(tries) == 1:
            raise TransientError("ThrottlingException", "slow down")
        return open_attempt(record)

    monkeypatch.setattr(action_trigger, "open_attempt", opened)
    monkeypatch.setattr(action_trigger, "_AGAIN_SECONDS", 0)

    assert isinstance(await only_event(trigger), TaskSuccessEvent)
    assert len(tries) == 2


async def test_a_job_is_stopped_where_what_its_configuration_refers_to_is_gone(service, monkeypatch):
    trigger = waiting_trigger(service)
    refer_to_nothing(monkeypatch)
    event = await only_event(trigger)
    assert event.payload == {"code": "ConfigurationError", "message": "there is no such secret"}
    assert service.stopped == ["job-1"]


async def test_outputs_that_aws_does_not_give_for_now_are_asked_for_again(service, monkeypatch):
    tries, outputs = [], fake_service.FakeProvider.outputs

    def throttled_at_first(*arguments):
        tries.append(arguments)
        if len(tries) == 1:
            raise TransientError("SlowDown", "slow down")
        return outputs(*arguments)

    monkeypatch.setattr(fake_service.FakeProvider, "outputs", throttled_at_first)
    monkeypatch.setattr(action_trigger, "_AGAIN_SECONDS", 0)

    assert isinstance(await only_event(waiting_trigger(service, JobStatus.SUCCEEDED)), TaskSuccessEvent)


async def test_outputs_that_cannot_be_read_fail_the_action(service, monkeypatch):
    def unreadable(*_):
        raise ArtifactError("no file export.json in Out")

    monkeypatch.setattr(fake_service.FakeProvider, "outputs", unreadable)
    event = await only_event(waiting_trigger(service, JobStatus.SUCCEEDED))
    assert event.payload == {"code": "JobFailed", "message": "no file export.json in Out"}


async def test_a_job_that_takes_too_long_is_stopped_and_fails(service):
    trigger = waiting_trigger(service, RUNNING, timeout=0)
    event = await only_event(trigger)
    assert service.stopped == ["job-1"]
    assert "timed out" in event.payload["message"]


async def test_a_job_that_takes_too_long_is_stopped_also_where_aws_does_not_answer_at_first(service):
    trigger = waiting_trigger(service, RUNNING, timeout=0)
    service.stop_errors = [TransientError("ThrottlingException", "slow down")] * 2
    event = await only_event(trigger)
    assert service.stopped == ["job-1"]
    assert "It was stopped" in event.payload["message"]


async def test_a_job_that_takes_too_long_and_cannot_be_stopped_has_timed_out_all_the_same(service):
    trigger = waiting_trigger(service, RUNNING, timeout=0)
    service.stop_errors = [ActionError("AccessDeniedException", "StopBuild: no")]
    event = await only_event(trigger)
    assert event.payload["code"] == "JobFailed"
    assert "could not be stopped: AccessDeniedException: StopBuild: no" in event.payload["message"]


async def test_a_task_that_a_user_kills_stops_its_job(service):
    await waiting_trigger(service).on_kill()
    assert service.stopped == ["job-1"]


async def test_a_stop_that_aws_does_not_answer_is_tried_again(service):
    trigger = waiting_trigger(service)
    service.stop_errors = [TransientError("ThrottlingException", "slow down")] * 2
    await trigger.on_kill()
    assert service.stopped == ["job-1"]


async def test_a_stop_is_tried_again_when_airflow_waits_for_it_no_longer(service, monkeypatch):
    trigger = waiting_trigger(service)
    service.stop_errors = [TransientError("ThrottlingException", "slow down")]
    monkeypatch.setattr(stopping, "PAUSE_SECONDS", 0.1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(trigger.on_kill(), timeout=0.05)
    while not service.stopped:
        await asyncio.sleep(0.01)
    assert service.stopped == ["job-1"]


async def test_a_stop_that_aws_never_answers_is_given_up_and_said(service):
    trigger = waiting_trigger(service)
    service.stop_errors = [TransientError("ThrottlingException", "slow down")] * 9
    with pytest.raises(TransientError, match="slow down"):
        await trigger.on_kill()


async def test_a_job_is_stopped_though_what_its_configuration_refers_to_is_gone(service, monkeypatch):
    trigger = waiting_trigger(service)
    refer_to_nothing(monkeypatch)
    await trigger.on_kill()
    assert service.stopped == ["job-1"]


async def test_a_trigger_that_is_cancelled_while_its_job_is_asked_after_learns_why(service, monkeypatch):
    trigger = waiting_trigger(service)
    assert await cancelled_while_asked(monkeypatch, only_event(trigger)) == ("user-action",)


@pytest.mark.parametrize("state", ["failed", "success", "removed", "running", None])
async def test_a_task_that_waits_no_longer_has_its_job_stopped(service, monkeypatch, state):
    trigger = waiting_trigger(service)
    trigger.task_instance = FakeAirflow(monkeypatch, state, external_execution_url=JOB_1)
    await trigger.on_kill()
    assert service.stopped == ["job-1"]


async def test_a_wait_that_another_triggerer_has_taken_over_leaves_its_job_alone(service, monkeypatch):
    trigger = waiting_trigger(service)
    trigger.task_instance = FakeAirflow(monkeypatch, "deferred", external_execution_url=JOB_1)
    await trigger.on_kill()
    assert service.stopped == []


async def test_a_task_that_was_cleared_and_waits_for_another_job_has_its_first_stopped(service, monkeypatch):
    trigger = waiting_trigger(service)
    another = "https://fake.example.com/job-2"
    trigger.task_instance = FakeAirflow(monkeypatch, "deferred", external_execution_url=another)
    await trigger.on_kill()
    assert service.stopped == ["job-1"]
