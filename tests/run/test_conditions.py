"""Conditions of stages on a real Airflow: what runs, what does not, and what people see of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fixtures.airflow_run import Airflow, Run
    from fixtures.trial import Trial

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def airflow(airflow_server: Airflow) -> Airflow:
    airflow_server.wait_until_known("conditions")
    return airflow_server


@pytest.fixture(scope="module")
def runs(airflow: Airflow) -> Iterator[Callable[[str], Run]]:
    """Runs that all begin at once, since none waits for another."""
    started = {
        "good": airflow.start("conditions"),
        "skipped": airflow.start("conditions", Check="no"),
        "refused": airflow.start("conditions", Build="no"),
        "bad": airflow.start("conditions", Verdict="bad"),
    }
    yield lambda name: started[name]
    for run in started.values():
        if run.state() not in {"success", "failed"}:
            run.end()


def test_conditions_that_are_met_let_the_execution_through(runs):
    run = runs("good")

    assert run.wait_until_ended() == "success", run.states()
    states = run.states()
    assert {states[f"Build.{task}"] for task in ("beforeEntry", "Script", "onSuccess", "done", "exit")} == {
        "success"
    }
    assert states["Build.onFailure"] == "skipped"
    outcome = run.xcom("Build.beforeEntry")
    assert (outcome["status"], outcome["engaged"]) == ("Succeeded", False)
    assert [(rule["ruleName"], rule["status"]) for rule in outcome["rules"]] == [
        ("MayBegin", "Succeeded"),
        ("InTheWindow", "Succeeded"),
    ]


def test_a_skipped_stage_runs_nothing_and_the_next_one_follows(runs):
    run = runs("skipped")

    assert run.wait_until_ended() == "success", run.states()
    states = run.states()
    assert (states["Check.beforeEntry"], states["Check.done"], states["Check.exit"]) == ("success",) * 3
    assert (states["Check.First"], states["Check.Second"]) == ("skipped", "skipped")
    assert states["Build.Script"] == "success"
    outcome = run.xcom("Check.beforeEntry")
    assert (outcome["status"], outcome["result"], outcome["engaged"]) == ("Failed", "SKIP", True)
    assert "The stage is skipped: rule IsWanted: The variable is 'no'" in run.log("Check.beforeEntry")


def test_an_entry_condition_that_is_not_met_fails_the_stage_and_frees_it(runs, trial: Trial):
    run = runs("refused")

    assert run.wait_until_ended() == "failed", run.states()
    states = run.states()
    assert (states["Build.beforeEntry"], states["Build.exit"]) == ("failed", "success")
    assert (states["Build.Script"], states["Build.done"]) == ("upstream_failed", "upstream_failed")
    assert states["Build.onFailure"] == "skipped"
    assert "conditions/Build/beforeEntry is not met: rule MayBegin" in run.log("Build.beforeEntry")
    assert run.xcom("Build.beforeEntry")["engaged"] is True
    assert trial.builds(run.run_id) == []


def test_a_success_condition_that_is_not_met_fails_the_stage_after_its_actions(runs):
    run = runs("bad")

    assert run.wait_until_ended() == "failed", (run.states(), run.xcom("Build.onSuccess"))
    states = run.states()
    assert (states["Build.Script"], states["Build.onSuccess"]) == ("success", "failed")
    assert (states["Build.done"], states["Build.onFailure"]) == ("upstream_failed", "skipped")
    [rule] = run.xcom("Build.onSuccess")["rules"]
    assert rule["externalExecutionId"].startswith("codepipeline-conditions-commands:")
    assert "terminated with state FAILED" in rule["errorDetails"]["message"]


def test_a_failure_is_decided_upon_when_the_stage_has_come_to_rest(airflow: Airflow):
    run = airflow.start("conditions", Check="no", Script="fail")
    run.wait_for("Build.onFailure", "success")

    outcome = run.xcom("Build.onFailure")
    assert (outcome["status"], outcome["result"]) == ("Succeeded", "RETRY")
    assert outcome["retryMode"] == "FAILED_ACTIONS"
    # It is carried out within a second: then the stage has its record, and a second time is not engaged.
    assert outcome["engaged"] or run.xcom("Build.exit", "retries")


def test_an_overridden_condition_is_not_evaluated(airflow: Airflow):
    run = airflow.start("conditions", Check="no", Build="no")
    path = f"{run.path}/taskInstances/Build.exit/xcomEntries"
    airflow.call(
        "POST",
        path,
        key="override.BEFORE_ENTRY",
        value={"by": "ada", "at": "2026-11-25T12:00:00Z"},
        map_index=-1,
    )

    assert run.wait_until_ended() == "success", run.states()
    assert run.xcom("Build.beforeEntry")["status"] == "Overridden"
