"""Whatever is killed while a build runs: the execution ends as it should, and there is one build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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
    assert [build["buildStatus"] for build in trial.builds(run.run_id)] == ["SUCCEEDED"]


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
    assert [build["buildStatus"] for build in trial.builds(run.run_id)] == ["SUCCEEDED"]
    assert run.xcom("Build.Script")["externalExecutionId"] == trial.builds(run.run_id)[0]["id"]


def _finish(run: Run) -> None:
    run.wait_for_question("Release.Decide")
    run.answer("Release.Decide", "Approve", "")
    assert run.wait_until_ended() == "success"
