"""Stop, retry, rollback, override and transitions of running executions, on a real Airflow."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from fixtures.airflow_run import wait_until

if TYPE_CHECKING:
    from fixtures.airflow_run import Airflow, Run
    from fixtures.puppet import Puppets

pytestmark = pytest.mark.slow

OPERATED, SELFHEALING, GUARDED, WINDOWED = "operated", "selfhealing", "guarded", "windowed"


@pytest.fixture(scope="module")
def airflow(airflow_server: Airflow) -> Airflow:
    airflow_server.wait_until_known(OPERATED, SELFHEALING, GUARDED, WINDOWED)
    return airflow_server


@pytest.fixture(scope="module")
def codepipeline(airflow: Airflow):
    with contextlib.closing(airflow.codepipeline()) as client:
        yield client


@pytest.fixture
def begin(airflow: Airflow):
    """Starts executions, and ends those that a test that failed has left."""
    started = []

    def start(pipeline: str = OPERATED, **variables: str) -> Run:
        started.append(airflow.start(pipeline, **variables))
        return started[-1]

    yield start
    for run in started:
        if run.state() not in {"success", "failed"}:
            run.end()


def refused(call, **arguments) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def stage(run: Run, name: str, mode: str | None = None) -> dict[str, str]:
    names = {"pipelineName": run.dag_id, "stageName": name, "pipelineExecutionId": run.run_id}
    return names | ({"retryMode": mode} if mode else {})


def status(codepipeline, run: Run) -> str:
    found = codepipeline.get_pipeline_execution(pipelineName=run.dag_id, pipelineExecutionId=run.run_id)
    return str(found["pipelineExecution"]["status"])


def test_a_failed_action_alone_is_run_again_in_the_same_execution(codepipeline, begin, puppets: Puppets):
    run = begin()
    puppets.say(run.run_id, "Build.A", "succeed")
    puppets.say(run.run_id, "Build.B", "fail")
    assert run.wait_until_ended() == "failed"

    codepipeline.retry_stage_execution(**stage(run, "Build", "FAILED_ACTIONS"))
    puppets.say(run.run_id, "Build.B", "succeed", 2)

    assert run.wait_until_ended() == "success"
    assert [puppets.started(run.run_id, f"Build.{name}") for name in "ABC"] == [1, 2, 1]
    assert puppets.started(run.run_id, "Deploy.Out") == 1
    assert status(codepipeline, run) == "Succeeded"


def test_all_actions_of_a_failed_stage_are_run_again(codepipeline, begin, puppets: Puppets):
    run = begin()
    puppets.say(run.run_id, "Build.A", "succeed")
    puppets.say(run.run_id, "Build.B", "fail")
    assert run.wait_until_ended() == "failed"
    codepipeline.retry_stage_execution(**stage(run, "Build", "ALL_ACTIONS"))
    for name in "AB":
        puppets.say(run.run_id, f"Build.{name}", "succeed", 2)

    assert run.wait_until_ended() == "success"
    assert [puppets.started(run.run_id, f"Build.{name}") for name in "ABC"] == [2, 2, 1]
    assert puppets.started(run.run_id, "Source.Take") == 1


def test_a_failed_action_is_run_again_while_another_is_still_in_progress(
    codepipeline, begin, puppets: Puppets
):
    run = begin()
    puppets.say(run.run_id, "Build.B", "fail")
    # SQLite has no locks of rows: what follows from the failure must have been written before the retry.
    run.wait_for("Build.done", "upstream_failed")

    assert (
        refused(codepipeline.retry_stage_execution, **stage(run, "Build", "ALL_ACTIONS"))
        == "StageNotRetryableException"
    )
    codepipeline.retry_stage_execution(**stage(run, "Build", "FAILED_ACTIONS"))
    puppets.say(run.run_id, "Build.B", "succeed", 2)
    puppets.say(run.run_id, "Build.A", "succeed")

    assert run.wait_until_ended() == "success"
    assert puppets.started(run.run_id, "Build.A") == 1


def test_what_cannot_be_retried_is_refused_by_the_names_of_aws(codepipeline, begin, puppets: Puppets):
    older, newer = begin(), begin()
    retry = codepipeline.retry_stage_execution
    older.wait_for_trigger("Build.A")
    assert refused(retry, **stage(older, "Build", "FAILED_ACTIONS")) == "StageNotRetryableException"
    assert refused(retry, **stage(older, "Nowhere", "FAILED_ACTIONS")) == "StageNotFoundException"
    for name in "AB":
        puppets.say(older.run_id, f"Build.{name}", "fail")
    older.wait_until_ended()
    assert refused(retry, **stage(older, "Source", "ALL_ACTIONS")) == "StageNotRetryableException"

    newer.wait_for_trigger("Build.A")

    assert refused(retry, **stage(older, "Build", "FAILED_ACTIONS")) == "NotLatestPipelineExecutionException"


def test_a_stop_that_waits_lets_actions_in_progress_end_and_starts_no_other(
    codepipeline, begin, puppets: Puppets
):
    run = begin()
    run.wait_for_trigger("Build.A")
    names = {"pipelineName": run.dag_id, "pipelineExecutionId": run.run_id}

    codepipeline.stop_pipeline_execution(**names, reason="not today")
    assert status(codepipeline, run) == "Stopping"
    assert refused(codepipeline.stop_pipeline_execution, **names) == "DuplicatedStopRequestException"
    for name in "AB":
        puppets.say(run.run_id, f"Build.{name}", "succeed")

    assert run.wait_until_ended() == "failed"
    assert status(codepipeline, run) == "Stopped"
    assert puppets.started(run.run_id, "Build.C") == 0
    assert run.airflow.call("GET", run.path)["note"] == "CodePipeline: Stopped at Build by admin. not today"
    assert refused(codepipeline.stop_pipeline_execution, **names) == "PipelineExecutionNotStoppableException"


def test_a_stopped_execution_goes_on_when_its_stage_is_retried(codepipeline, begin, puppets: Puppets):
    run = begin()
    run.wait_for_trigger("Build.A")
    codepipeline.stop_pipeline_execution(pipelineName=run.dag_id, pipelineExecutionId=run.run_id)
    for name in "AB":
        puppets.say(run.run_id, f"Build.{name}", "succeed")
    run.wait_until_ended()

    codepipeline.retry_stage_execution(**stage(run, "Build", "FAILED_ACTIONS"))

    assert run.wait_until_ended() == "success"
    assert status(codepipeline, run) == "Succeeded"
    assert [puppets.started(run.run_id, f"Build.{name}") for name in "ABC"] == [1, 1, 1]


def test_a_stop_that_abandons_stops_the_jobs_and_frees_the_stage(codepipeline, begin, puppets: Puppets):
    run, waiting = begin(), begin()
    run.wait_for_trigger("Build.A")
    run.wait_for_trigger("Build.B")
    names = {"pipelineName": run.dag_id, "pipelineExecutionId": run.run_id}
    codepipeline.stop_pipeline_execution(**names, reason="wait")
    codepipeline.stop_pipeline_execution(**names, abandon=True)

    for name in "AB":
        puppets.wait_until_stopped(run.run_id, f"Build.{name}")
    assert run.wait_until_ended() == "failed"
    assert status(codepipeline, run) == "Stopped"
    waiting.wait_for_trigger("Build.A")


def test_an_execution_that_waits_at_a_gate_is_stopped(codepipeline, begin, puppets: Puppets):
    run, waiting = begin(), begin()
    run.wait_for_trigger("Build.A")
    wait_until(lambda: waiting.states().get("Build.enter") == "deferred", waiting.states)

    codepipeline.stop_pipeline_execution(pipelineName=run.dag_id, pipelineExecutionId=waiting.run_id)

    assert waiting.wait_until_ended() == "failed"
    assert status(codepipeline, waiting) == "Stopped"
    assert (
        refused(codepipeline.retry_stage_execution, **stage(waiting, "Build", "FAILED_ACTIONS"))
        == "StageNotRetryableException"
    )


def test_a_stage_is_rolled_back_with_the_values_of_the_execution_it_goes_to(
    codepipeline, begin, puppets: Puppets
):
    good = begin(Greeting="good morning")
    for name in "AB":
        puppets.say(good.run_id, f"Build.{name}", "succeed")
    assert good.wait_until_ended() == "success"
    rollback = {"pipelineName": OPERATED, "stageName": "Build"}
    assert (
        refused(
            codepipeline.rollback_stage,
            **rollback | {"stageName": "Source"},
            targetPipelineExecutionId=good.run_id,
        )
        == "UnableToRollbackStageException"
    )

    made = codepipeline.rollback_stage(**rollback, targetPipelineExecutionId=good.run_id)
    again = type(good)(good.airflow, OPERATED, made["pipelineExecutionId"])
    again.wait_for_trigger("Build.A")
    assert puppets.note(again.run_id, "Build.A") == puppets.note(good.run_id, "Build.A")
    assert "good morning" in puppets.note(again.run_id, "Build.A")
    assert (
        refused(codepipeline.rollback_stage, **rollback, targetPipelineExecutionId=good.run_id)
        == "UnableToRollbackStageException"
    )
    for name in "AB":
        puppets.say(again.run_id, f"Build.{name}", "succeed")

    assert again.wait_until_ended() == "success"
    assert puppets.started(again.run_id, "Source.Take") == puppets.started(again.run_id, "Deploy.Out") == 0
    found = codepipeline.get_pipeline_execution(pipelineName=OPERATED, pipelineExecutionId=again.run_id)[
        "pipelineExecution"
    ]
    assert (found["status"], found["executionType"]) == ("Succeeded", "ROLLBACK")
    assert found["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": good.run_id}
    assert found["trigger"]["triggerType"] == "ManualRollback"


def test_a_rollback_that_fails_is_a_failed_execution(codepipeline, begin, puppets: Puppets):
    good = begin()
    for name in "AB":
        puppets.say(good.run_id, f"Build.{name}", "succeed")
    assert good.wait_until_ended() == "success"

    made = codepipeline.rollback_stage(
        pipelineName=OPERATED, stageName="Build", targetPipelineExecutionId=good.run_id
    )
    again = type(good)(good.airflow, OPERATED, made["pipelineExecutionId"])
    for name in "AB":
        puppets.say(again.run_id, f"Build.{name}", "fail")

    assert again.wait_until_ended() == "failed"
    assert status(codepipeline, again) == "Failed"


def test_a_stage_is_retried_by_itself_once_and_keeps_others_out_meanwhile(
    codepipeline, begin, puppets: Puppets
):
    run, waiting = begin(SELFHEALING), begin(SELFHEALING)
    puppets.say(run.run_id, "Build.A", "fail")
    puppets.say(run.run_id, "Build.A", "fail", 2)

    assert run.wait_until_ended() == "failed"
    assert [puppets.started(run.run_id, f"Build.{name}") for name in "AB"] == [2, 1]
    waiting.wait_for_trigger("Build.A")
    second = run.task("Build.A")["end_date"]
    assert waiting.task("Build.enter")["end_date"] > second


def rollback_of(codepipeline, failed: Run) -> dict:
    """The automatic rollback that answers a failure, once it is there."""

    def found() -> dict | None:
        listed = codepipeline.list_pipeline_executions(pipelineName=failed.dag_id)
        return next(
            (
                one
                for one in listed["pipelineExecutionSummaries"]
                if one["executionType"] == "ROLLBACK" and one["trigger"]["triggerDetail"] == failed.run_id
            ),
            None,
        )

    wait_until(lambda: found() is not None, failed.states)
    return found() or {}


def test_a_failed_deployment_is_rolled_back_to_the_last_good_execution(codepipeline, begin, puppets: Puppets):
    good, bad = begin(SELFHEALING), begin(SELFHEALING)
    for run in (good, bad):
        puppets.say(run.run_id, "Build.A", "succeed")
    puppets.say(good.run_id, "Deploy.Out", "succeed")
    puppets.say(bad.run_id, "Deploy.Out", "fail")
    assert bad.wait_until_ended() == "failed"

    made = rollback_of(codepipeline, bad)
    assert made["trigger"]["triggerType"] == "AutomatedRollback"
    assert made["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": good.run_id}
    again = type(good)(good.airflow, SELFHEALING, made["pipelineExecutionId"])
    puppets.say(again.run_id, "Deploy.Out", "succeed")
    assert again.wait_until_ended() == "success"
    assert puppets.note(again.run_id, "Deploy.Out") == puppets.note(good.run_id, "Deploy.Out")
    note = bad.airflow.call("GET", bad.path)["note"]
    assert note == f"CodePipeline: Failed at Deploy, which is rolled back by the execution {again.run_id}."


def test_one_that_waits_while_a_stage_fails_is_neither_lost_to_the_rollback_nor_rolled_back(
    codepipeline, begin, puppets: Puppets
):
    good, bad = begin(SELFHEALING), begin(SELFHEALING)
    for run in (good, bad):
        puppets.say(run.run_id, "Build.A", "succeed")
    puppets.say(good.run_id, "Deploy.Out", "succeed")
    bad.wait_for_trigger("Deploy.Out")
    fix = begin(SELFHEALING)
    puppets.say(fix.run_id, "Build.A", "succeed")
    fix.wait_for_trigger("Deploy.enter")

    puppets.say(bad.run_id, "Deploy.Out", "fail")
    back = type(good)(good.airflow, SELFHEALING, rollback_of(codepipeline, bad)["pipelineExecutionId"])
    wait_until(lambda: any(puppets.started(run.run_id, "Deploy.Out") for run in (back, fix)), back.states)
    if puppets.started(back.run_id, "Deploy.Out"):
        puppets.say(back.run_id, "Deploy.Out", "succeed")
    else:
        assert back.wait_until_ended() == "success"
        assert back.xcom("Deploy.enter", "superseded_by") == fix.run_id
    puppets.say(fix.run_id, "Deploy.Out", "succeed")

    assert fix.wait_until_ended() == "success"
    assert status(codepipeline, fix) == "Succeeded"
    assert status(codepipeline, back) in {"Succeeded", "Superseded"}
    assert puppets.started(back.run_id, "Deploy.Out") == (status(codepipeline, back) == "Succeeded")


def test_a_disabled_transition_keeps_executions_out_and_says_why(codepipeline, begin, puppets: Puppets):
    names = {"pipelineName": OPERATED, "stageName": "Deploy", "transitionType": "Inbound"}
    codepipeline.disable_stage_transition(**names, reason="release freeze")
    try:
        run = begin()
        for name in "AB":
            puppets.say(run.run_id, f"Build.{name}", "succeed")
        wait_until(lambda: run.states().get("Deploy.enter") == "deferred", run.states)
        [state] = [
            one
            for one in codepipeline.get_pipeline_state(name=OPERATED)["stageStates"]
            if one["stageName"] == "Deploy"
        ]
        assert state["inboundTransitionState"]["disabledReason"] == "release freeze"
        assert state["inboundTransitionState"]["lastChangedBy"] == "admin"
        assert state["inboundExecution"]["pipelineExecutionId"] == run.run_id
    finally:
        codepipeline.enable_stage_transition(**names)

    assert run.wait_until_ended() == "success"


def test_an_action_that_is_cleared_after_its_execution_has_left_says_what_to_clear(begin, puppets: Puppets):
    run, occupant = begin(), begin()
    puppets.say(run.run_id, "Build.A", "succeed")
    puppets.say(run.run_id, "Build.B", "fail")
    run.wait_until_ended()
    occupant.wait_for_trigger("Build.A")

    run.clear("Build.B", "Build.exit", "Build.done")

    run.wait_for("Build.B", "failed")
    assert puppets.started(run.run_id, "Build.B") == 1
    assert "Clear all tasks of the group Build" in run.log("Build.B")


def test_a_stage_whose_tasks_are_all_cleared_is_entered_again(begin, puppets: Puppets):
    run = begin()
    puppets.say(run.run_id, "Build.A", "succeed")
    puppets.say(run.run_id, "Build.B", "fail")
    run.wait_until_ended()

    run.clear(*(task for task in run.states() if task.startswith(("Build.", "Deploy."))))
    for name in "AB":
        puppets.say(run.run_id, f"Build.{name}", "succeed", 2)

    assert run.wait_until_ended() == "success"


def test_an_execution_goes_on_past_the_conditions_that_are_overridden(codepipeline, begin, puppets: Puppets):
    run = begin(GUARDED, Before="no", After="no")
    override = codepipeline.override_stage_condition
    assert run.wait_until_ended() == "failed"
    assert puppets.started(run.run_id, "Deploy.Out") == 0
    assert refused(override, **stage(run, "Tell"), conditionType="BEFORE_ENTRY") == (
        "ConditionNotOverridableException"
    )

    override(**stage(run, "Deploy"), conditionType="BEFORE_ENTRY")
    assert run.wait_until_ended() == "failed"
    assert run.states()["Deploy.onSuccess"] == "failed"
    assert puppets.started(run.run_id, "Tell.All") == 0
    override(**stage(run, "Deploy"), conditionType="ON_SUCCESS")

    assert run.wait_until_ended() == "success"
    assert puppets.started(run.run_id, "Deploy.Out") == puppets.started(run.run_id, "Tell.All") == 1
    [state] = [
        one
        for one in codepipeline.get_pipeline_state(name=GUARDED)["stageStates"]
        if one["stageName"] == "Deploy"
    ]
    assert state["beforeEntryConditionState"]["latestExecution"]["status"] == "Overridden"
    assert state["onSuccessConditionState"]["latestExecution"]["status"] == "Overridden"


def test_a_window_that_is_waited_for_is_overridden(codepipeline, begin, puppets: Puppets):
    run = begin(WINDOWED)
    run.wait_for_trigger("Deploy.beforeEntry")
    override = codepipeline.override_stage_condition
    assert refused(override, **stage(run, "Deploy"), conditionType="ON_SUCCESS") == (
        "ConditionNotOverridableException"
    )

    override(**stage(run, "Deploy"), conditionType="BEFORE_ENTRY")

    assert run.wait_until_ended() == "success"
    assert puppets.started(run.run_id, "Deploy.Out") == 1
    assert run.xcom("Deploy.beforeEntry")["status"] == "Overridden"
