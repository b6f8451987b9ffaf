"""How a local execution stops what runs outside."""

from __future__ import annotations

import threading

import pytest
from airflow.sdk.exceptions import AirflowException

from airflow_codepipeline.actions import registry as actions
from airflow_codepipeline.actions.base import JobStatus
from airflow_codepipeline.dag.condition_trigger import ConditionTrigger
from airflow_codepipeline.errors import ActionError
from airflow_codepipeline.local.task_runner import TaskRunner
from airflow_codepipeline.rules import registry as rules
from fixtures import fake_service
from fixtures.fake_service import KIND, PROVIDER, RULE, FakeService, Trial
from unit.dag.test_stage_condition import Trial as ConditionTrial
from unit.dag.test_stage_condition import build


@pytest.fixture
def service(monkeypatch):
    fresh = FakeService()
    monkeypatch.setattr(fake_service, "SERVICE", fresh)
    monkeypatch.setitem(actions.PROVIDERS, str(KIND), PROVIDER)
    monkeypatch.setitem(rules.RULES, "CodeBuild", RULE)
    return fresh


def runner() -> TaskRunner:
    return TaskRunner(lambda *_: (True, ""))


def test_an_interrupt_while_a_condition_waits_stops_its_rules(service, monkeypatch):
    async def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(ConditionTrigger, "_until_ended", interrupted)
    service.will_answer(JobStatus.RUNNING, JobStatus.RUNNING)
    trial = ConditionTrial("onSuccess", build("A"), build("B"))

    with pytest.raises(KeyboardInterrupt):
        runner().run(trial.task, trial.task_context)

    assert service.stopped == ["job-1", "job-2"]


def test_an_action_that_cannot_be_stopped_keeps_no_other_from_it(service, monkeypatch):
    local, waiting, ended = runner(), threading.Barrier(3), threading.Event()

    def poll(provider, aws, job):
        if threading.current_thread() in workers:
            return JobStatus.RUNNING
        if not ended.is_set():
            waiting.wait()
            ended.wait()
        raise ActionError("JobFailed", "stopped")

    def run(trial):
        with pytest.raises(AirflowException):
            local.run(trial.operator, trial.context)

    monkeypatch.setattr(fake_service.FakeProvider, "poll", poll)
    workers = [threading.Thread(target=run, args=(Trial(),), daemon=True) for _ in range(2)]
    for worker in workers:
        worker.start()
    waiting.wait()
    service.stop_errors = [ActionError("AccessDeniedException", "StopBuild: no")]

    local.stop()
    ended.set()
    for worker in workers:
        worker.join()

    assert len(service.stopped) == 1
