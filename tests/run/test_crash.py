"""Whatever is killed while a build runs: the execution ends as it should, and there is one build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.airflow_run import wait_until

if TYPE_CHECKING:
    from fixtures.airflow_run import Airflow, Run
    from fixtures.held_calls import HeldCalls
    from fixtures.trial import Trial

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("component", ["scheduler", "triggerer"])
def test_a_build_survives_a_crash_of(component, airflow_server: Airflow, trial: Trial):
    run = airflow_server.start("trial", Script="hold")
    run.wait_for_trigger("Build.Script")

    airflow_server.server.kill_component(component)
    trial.release(run.run_id)
    airflow_server.server.start_component(component)

    _finish(run)
    assert _statuses(trial, run) == ["SUCCEEDED"]


def test_a_worker_that_dies_before_it_learns_of_its_build_starts_no_second_one(
    airflow_server: Airflow, codebuild_calls: HeldCalls, trial: Trial
):
    before = codebuild_calls.starts
    hold = codebuild_calls.hold("StartBuild")
    run = airflow_server.start("trial", Script="pass")

    worker = hold.caller()
    supervisor = worker.parent()
    worker.kill()
    supervisor.kill()
    hold.release()

    _finish(run)
    assert codebuild_calls.starts == before + 2
    assert _statuses(trial, run) == ["SUCCEEDED"]
    assert run.xcom("Build.Script")["externalExecutionId"] == trial.builds(run.run_id)[0]["id"]


def test_a_build_is_stopped_although_nobody_is_there_who_could_be_told(airflow_server: Airflow, trial: Trial):
    run = airflow_server.start("trial", Script="hold")
    run.wait_for_trigger("Build.Script")

    airflow_server.server.kill_component("triggerer")
    try:
        airflow_server.codepipeline().stop_pipeline_execution(
            pipelineName="trial", pipelineExecutionId=run.run_id, abandon=True
        )
        wait_until(lambda: _statuses(trial, run) == ["STOPPED"], run.states)
    finally:
        airflow_server.server.start_component("triggerer")

    assert run.wait_until_ended() == "failed"


def _statuses(trial: Trial, run: Run) -> list[str]:
    return [build["buildStatus"] for build in trial.builds(run.run_id)]


def _finish(run: Run) -> None:
    run.wait_for_question("Release.Decide")
    run.answer("Release.Decide", "Approve", "")
    assert run.wait_until_ended() == "success"
