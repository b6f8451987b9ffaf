"""What the engine does with any action: start once, wait, fail, try again, stop."""

from __future__ import annotations

from datetime import timedelta

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred

from airflow_codepipeline.actions import registry
from airflow_codepipeline.actions.base import JobStatus
from airflow_codepipeline.dag import attempt
from airflow_codepipeline.dag.job_ledger import FAILURE, KEY, URL_KEY, JobLedger
from airflow_codepipeline.dag.result import ActionResult
from airflow_codepipeline.errors import ActionError, TransientError
from airflow_codepipeline.local.task_context import LocalTaskInstance
from fixtures import fake_service
from fixtures.fake_service import KIND, PROVIDER, WORK, FakeService, Trial


@pytest.fixture
def service(monkeypatch):
    fresh = FakeService()
    monkeypatch.setattr(fake_service, "SERVICE", fresh)
    monkeypatch.setitem(registry.PROVIDERS, str(KIND), PROVIDER)
    return fresh


def is_meanwhile(trial, monkeypatch, state):
    states = {trial.context["ti"].run_id: {"Verify.Check": state}}
    monkeypatch.setattr(LocalTaskInstance, "get_task_states", lambda *_, **__: states)


def test_a_job_that_ends_at_once_leaves_its_result(service):
    trial = Trial({"Colour": "#{variables.Colour}"})
    result = ActionResult.from_xcom(trial.execute())
    assert result.external_execution_id == "job-1"
    assert result.variables == {"JOB": "job-1"}
    assert result.configuration == {"Colour": "blue"}
    assert result.summary == "done"


def test_the_address_of_the_job_is_there_while_it_runs(service):
    service.will_answer(JobStatus.RUNNING)
    trial = Trial()
    with pytest.raises(TaskDeferred):
        trial.execute()
    assert trial.context["ti"].xcom_pull("Verify.Check", URL_KEY) == "https://fake.example.com/job-1"


def test_a_job_that_runs_is_waited_for_in_the_triggerer(service):
    service.will_answer(JobStatus.RUNNING)
    with pytest.raises(TaskDeferred) as deferral:
        Trial().execute()
    assert deferral.value.method_name == "resume"
    assert deferral.value.timeout is None


def test_a_job_that_cannot_be_asked_after_for_now_is_waited_for_in_the_triggerer(service):
    service.will_answer(TransientError("ThrottlingException", "slow down"))
    with pytest.raises(TaskDeferred):
        Trial().execute()


def test_a_worker_that_dies_while_it_waits_does_not_start_a_second_job(service):
    service.will_answer(JobStatus.RUNNING, JobStatus.SUCCEEDED)
    trial = Trial()
    with pytest.raises(TaskDeferred):
        trial.execute()
    result = ActionResult.from_xcom(trial.execute())
    assert list(service.jobs.values()) == ["job-1"]
    assert result.external_execution_id == "job-1"


def test_a_worker_that_dies_before_it_stored_the_job_starts_it_with_the_same_token(service):
    service.start_errors = [TransientError("ConnectionLost", "the answer was lost")]
    trial = Trial()
    with pytest.raises(AirflowException, match="tried again"):
        trial.execute()
    result = ActionResult.from_xcom(trial.execute())
    assert list(service.jobs.values()) == ["job-1"]
    assert result.external_execution_id == "job-1"


def test_a_failed_job_fails_the_task_for_good(service):
    service.will_answer(ActionError("JobFailed", "tests are red"))
    with pytest.raises(AirflowFailException, match="shop/Verify/Check failed: JobFailed: tests are red"):
        Trial().execute()


def test_work_of_the_workers_own_is_broken_off_when_the_action_times_out(service, monkeypatch):
    monkeypatch.setitem(registry.PROVIDERS, str(KIND), WORK)
    monkeypatch.setattr(attempt, "timeout_of", lambda _: timedelta(milliseconds=1))
    with pytest.raises(AirflowFailException, match="JobFailed: The action timed out: it had not ended at"):
        Trial().execute()


def test_a_task_that_is_tried_again_after_its_job_failed_starts_nothing(service):
    service.will_answer(ActionError("JobFailed", "tests are red"))
    trial = Trial()
    for _ in range(2):
        with pytest.raises(AirflowFailException, match="tests are red"):
            trial.execute()
    assert list(service.jobs.values()) == ["job-1"]


def test_why_an_action_failed_is_left_by_every_try_that_airflow_makes_of_it(service):
    trial = Trial()
    service.start_errors = [ActionError("JobFailed", "tests are red")]
    for _ in range(2):
        with pytest.raises(AirflowFailException):
            trial.execute()
        left = trial.context["ti"].xcom_pull("Verify.Check", FAILURE)
        assert left["failure"] == "shop/Verify/Check failed: JobFailed: tests are red"
        trial.context["ti"].xcom_push(FAILURE, None)


def test_a_failure_that_the_trigger_found_fails_the_task(service):
    service.will_answer(JobStatus.RUNNING)
    trial = Trial()
    with pytest.raises(TaskDeferred):
        trial.execute()
    with pytest.raises(AirflowFailException, match="JobFailed: exit status 1"):
        trial.operator.resume(trial.context, {"code": "JobFailed", "message": "exit status 1"})


def test_a_task_whose_trigger_could_not_end_it_goes_on_with_the_same_job(service):
    service.will_answer(JobStatus.RUNNING, JobStatus.SUCCEEDED)
    trial = Trial()
    with pytest.raises(TaskDeferred):
        trial.execute()
    result = ActionResult.from_xcom(trial.operator.resume(trial.context, "success"))
    assert result.external_execution_id == "job-1"
    assert list(service.jobs.values()) == ["job-1"]


def test_an_action_with_retries_starts_a_new_job_for_each_of_them(service):
    red = ActionError("JobFailed", "tests are red")
    service.will_answer(red, red)
    trial = Trial(retries=1)
    with pytest.raises(AirflowException, match=r"attempt 1 of 2") as first:
        trial.execute()
    assert not isinstance(first.value, AirflowFailException)
    with pytest.raises(AirflowFailException):
        trial.execute()
    assert list(service.jobs.values()) == ["job-1", "job-2"]


def test_a_cleared_task_starts_a_new_job(service):
    trial = Trial()
    trial.execute()
    trial.clear()
    result = ActionResult.from_xcom(trial.execute())
    assert list(service.jobs.values()) == ["job-1", "job-2"]
    assert result.external_execution_id == "job-2"


def test_a_variable_without_a_value_fails_the_action_before_anything_starts(service):
    with pytest.raises(AirflowFailException, match=r"#\{Build\.VERSION\}"):
        Trial({"Version": "#{Build.VERSION}"}).execute()
    assert service.jobs == {}


def test_a_worker_that_is_told_to_end_leaves_its_job_to_the_next(service):
    service.will_answer(JobStatus.RUNNING, JobStatus.RUNNING)
    trial = Trial()
    with pytest.raises(TaskDeferred):
        trial.execute()
    trial.operator.on_kill()
    with pytest.raises(TaskDeferred):
        trial.execute()
    assert list(service.jobs.values()) == ["job-1"]
    assert service.stopped == []


def test_a_worker_that_is_told_to_end_starts_nothing(service):
    trial = Trial()
    trial.operator.on_kill()
    with pytest.raises(AirflowException, match="not started: its worker was told to end"):
        trial.execute()
    assert service.jobs == {}


@pytest.mark.parametrize("state", ["failed", "success", "removed", "upstream_failed"])
def test_a_task_that_was_ended_before_it_waits_has_its_job_stopped(service, monkeypatch, state):
    service.will_answer(JobStatus.RUNNING)
    trial = Trial()
    is_meanwhile(trial, monkeypatch, state)
    with pytest.raises(TaskDeferred):  # which Airflow does not take any more
        trial.execute()
    assert service.stopped == ["job-1"]


def test_a_task_that_was_ended_before_its_job_was_stored_has_it_stopped(service, monkeypatch):
    trial, save = Trial(), JobLedger.save

    def gone(ledger, record):
        if record.job is not None:
            raise RuntimeError("Task instance not found")
        return save(ledger, record)

    monkeypatch.setattr(JobLedger, "save", gone)
    is_meanwhile(trial, monkeypatch, "failed")
    with pytest.raises(RuntimeError, match="not found"):
        trial.execute()
    assert service.stopped == ["job-1"]


@pytest.mark.parametrize("state", ["running", "restarting", "up_for_retry"])
def test_a_task_that_goes_on_goes_on_with_its_job(service, monkeypatch, state):
    service.will_answer(JobStatus.RUNNING)
    trial = Trial()
    is_meanwhile(trial, monkeypatch, state)
    with pytest.raises(TaskDeferred):
        trial.execute()
    assert service.stopped == []


def test_secrets_are_not_shown():
    trial = Trial({"OAuthToken": "abc", "Repo": "shop"})
    assert trial.operator.configuration == {"OAuthToken": "****", "Repo": "shop"}


def test_jinja_in_a_configuration_is_left_alone(service):
    trial = Trial({"Day": "{{ ds }}"})
    result = ActionResult.from_xcom(trial.execute())
    assert result.configuration == {"Day": "{{ ds }}"}


def test_an_action_type_without_a_provider_fails_with_what_is_known():
    with pytest.raises(AirflowFailException, match="no provider for the action type Test/AWS/Fake/1"):
        Trial().execute()


def test_a_secret_reaches_the_provider_and_nothing_that_others_can_read(service, monkeypatch):
    seen = []

    def start(provider, aws):
        seen.append(aws.context.action.configuration["OAuthToken"])
        raise TransientError("ThrottlingException", "slow down")

    monkeypatch.setattr(fake_service.FakeProvider, "start", start)
    trial = Trial({"OAuthToken": "abc", "Repo": "shop"})
    for _ in range(2):
        with pytest.raises(AirflowException, match="tried again"):
            trial.execute()
    assert seen == ["abc", "abc"]
    assert "abc" not in str(trial.context["task_state_store"].get(KEY))


def test_a_secret_is_not_in_the_result(service):
    result = ActionResult.from_xcom(Trial({"OAuthToken": "abc"}).execute())
    assert result.configuration == {"OAuthToken": "****"}
