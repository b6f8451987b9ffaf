"""GetPipelineExecution and ListPipelineExecutions, from executions in an Airflow database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_codepipeline.dag import names
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.service import pages
from airflow_codepipeline.service.read_executions import get_pipeline_execution, list_pipeline_executions

from .conftest import shop, took


def found(database, execution) -> dict:
    with database.session() as session:
        answer = get_pipeline_execution(
            session, "ada", pipeline_name="shop", pipeline_execution_id=execution.id
        )
    return answer["pipelineExecution"]


def listed(database, **more) -> dict:
    with database.session() as session:
        return list_pipeline_executions(session, "ada", pipeline_name="shop", **more)


def ids(answer: dict) -> list[str]:
    return [one["pipelineExecutionId"] for one in answer["pipelineExecutionSummaries"]]


def test_an_execution_says_what_it_runs_with(database, pipeline):
    execution = took(database.start("shop", conf={"Kind": "beta"}))

    shown = found(database, execution)

    [revision] = shown.pop("artifactRevisions")
    assert revision.pop("created") is not None
    assert revision == {
        "name": "App",
        "revisionId": "a1b2c3",
        "revisionChangeIdentifier": "a1b2c3",
        "revisionSummary": "Fix it",
        "revisionUrl": "https://git.test/a1b2c3",
    }
    assert shown == {
        "pipelineName": "shop",
        "pipelineVersion": 1,
        "pipelineExecutionId": execution.id,
        "status": "InProgress",
        "variables": [{"name": "Kind", "resolvedValue": "beta"}],
        "trigger": {"triggerType": "StartPipelineExecution", "triggerDetail": "ada"},
        "executionMode": "SUPERSEDED",
        "executionType": "STANDARD",
    }


def test_a_variable_that_was_not_given_has_its_default(database, pipeline):
    shown = found(database, database.start("shop"))
    assert shown["variables"] == [{"name": "Kind", "resolvedValue": "release"}]


def test_a_rollback_names_the_execution_it_goes_back_to(database, pipeline):
    target = "00000000-0000-4000-8000-000000000000"
    rollback = {"stage": "Build", "targetPipelineExecutionId": target, "targetRunId": target}
    trigger = {"triggerType": "ManualRollback", "triggerDetail": "ada"}
    conf = {"codepipeline.rollback": rollback, "codepipeline.trigger": trigger}

    shown = found(database, database.start("shop", conf=conf))

    assert shown["executionType"] == "ROLLBACK"
    assert shown["rollbackMetadata"] == {"rollbackTargetPipelineExecutionId": target}
    assert shown["trigger"] == trigger


@pytest.mark.parametrize(
    ("run_id", "run_type"),
    [
        ("scheduled__2026-03-01T00:00:00+00:00", "scheduled"),
        ("friday-release", "manual"),
        ("3F2B1C9A-0D4E-4F6A-9B8C-7D6E5F4A3B2C", "manual"),
        ("wwwwwwww-wwww-wwww-wwww-wwwwwwwwwwww", "manual"),
    ],
)
def test_a_run_whose_name_is_no_execution_id_is_found_by_the_id_made_of_it(
    database, pipeline, run_id, run_type
):
    execution = database.start("shop", run_id=run_id, run_type=run_type)
    execution_id = names.execution_id("shop", execution.run_id)

    assert found(database, execution)["pipelineExecutionId"] == execution_id
    assert ids(listed(database)) == [execution_id]


def test_what_airflow_started_by_itself_says_so(database, pipeline):
    run_id = "scheduled__2026-03-01T00:00:00+00:00"
    execution = database.start("shop", run_id=run_id, run_type="scheduled", user=None)
    trigger = {"triggerType": "CloudWatchEvent", "triggerDetail": "Airflow's schedule"}
    assert found(database, execution)["trigger"] == trigger


def test_an_execution_that_does_not_exist_is_refused(database, pipeline):
    with pytest.raises(Refusal) as refused, database.session() as session:
        get_pipeline_execution(
            session,
            "ada",
            pipeline_name="shop",
            pipeline_execution_id="00000000-0000-4000-8000-000000000000",
        )
    assert refused.value.code == "PipelineExecutionNotFoundException"


def test_executions_are_listed_the_newest_first(database, pipeline):
    started = [database.start("shop") for _ in range(3)]
    assert ids(listed(database)) == [one.id for one in reversed(started)]


def test_a_summary_has_its_times_and_source_revisions(database, pipeline):
    execution = took(database.start("shop"))

    [shown] = listed(database)["pipelineExecutionSummaries"]

    assert shown["startTime"] == execution.began
    assert shown["lastUpdateTime"] == execution.began + timedelta(minutes=execution.minutes, seconds=30)
    assert shown["sourceRevisions"] == [
        {
            "actionName": "Take",
            "revisionId": "a1b2c3",
            "revisionSummary": "Fix it",
            "revisionUrl": "https://git.test/a1b2c3",
        }
    ]


def test_a_superseded_execution_says_by_which(database, pipeline):
    older, newer = took(database.start("shop")), took(database.start("shop"))
    older.set(Build__enter="skipped").push("Build.enter", "superseded_by", newer.run_id).end("success")

    shown = listed(database)["pipelineExecutionSummaries"][1]

    assert (shown["pipelineExecutionId"], shown["status"]) == (older.id, "Superseded")
    assert shown["statusSummary"] == f"Superseded at Build by {newer.id}."


def test_a_stopped_execution_says_why(database, pipeline):
    execution = took(database.start("shop")).set(Build__enter="success", Build__exit="success")
    stop = {"by": "ada", "at": "2026-03-01T13:00:00+00:00", "reason": "wrong branch"}
    execution.push("Build.exit", "stopped", stop).end("failed")

    [shown] = listed(database)["pipelineExecutionSummaries"]

    assert (shown["status"], shown["stopTrigger"]) == ("Stopped", {"reason": "wrong branch"})


def test_a_list_goes_on_where_its_page_ended_also_when_executions_start_meanwhile(
    database, pipeline, monkeypatch
):
    monkeypatch.setattr(pages, "RUNS_AT_ONCE", 2)
    started = [database.start("shop").id for _ in range(5)]

    first = listed(database, max_results=3)
    database.start("shop")
    second = listed(database, max_results=3, next_token=first["nextToken"])

    assert ids(first) + ids(second) == list(reversed(started))
    assert "nextToken" not in second


def test_a_full_last_page_has_no_token(database, pipeline):
    for _ in range(2):
        database.start("shop")
    assert "nextToken" not in listed(database, max_results=2)


@pytest.mark.parametrize("token", ["nonsense", "bm9uc2Vuc2U=", "é", "{}"])
def test_a_token_that_is_none_is_refused(database, pipeline, token):
    with pytest.raises(Refusal) as refused:
        listed(database, next_token=token)
    assert refused.value.code == "InvalidNextTokenException"


def test_a_token_is_good_for_its_own_list_alone(database, pipeline):
    for _ in range(2):
        database.start("shop")
    token = listed(database, max_results=1)["nextToken"]
    with pytest.raises(Refusal) as refused:
        listed(database, next_token=token, filter={"succeededInStage": {"stageName": "Build"}})
    assert refused.value.code == "InvalidNextTokenException"


def test_executions_that_passed_a_stage_are_listed_alone(database, pipeline):
    good = took(database.start("shop")).pass_stage("Build", "Deploy")
    skipped = took(database.start("shop")).pass_stage("Build", "Deploy")
    engaged = {"status": "Failed", "result": "SKIP", "engaged": True, "rules": []}
    skipped.push("Deploy.beforeEntry", "return_value", engaged)
    rollback = database.start("shop").set(Deploy__enter="skipped", Deploy__done="success")
    took(database.start("shop")).set(Deploy__enter="success")
    succeeded = {"succeededInStage": {"stageName": "Deploy"}}

    assert ids(listed(database, filter=succeeded)) == [good.id]
    assert rollback.id in ids(listed(database))


def test_executions_of_an_earlier_version_passed_no_stage_of_this_one(database, pipeline):
    older = took(database.start("shop")).pass_stage("Build")
    with database.session() as session:
        from airflow_codepipeline.service.pipelines import find_pipeline

        before = find_pipeline(session, "shop").definition
    older.push("Source.exit", "definition", before)
    succeeded = {"succeededInStage": {"stageName": "Build"}}
    assert ids(listed(database, filter=succeeded)) == [older.id]

    database.add_pipeline(shop(roleArn="arn:aws:iam::123456789012:role/other"))

    assert ids(listed(database, filter=succeeded)) == []


def test_a_stage_that_does_not_exist_is_refused(database, pipeline):
    with pytest.raises(Refusal) as refused:
        listed(database, filter={"succeededInStage": {"stageName": "Nowhere"}})
    assert refused.value.code == "StageNotFoundException"
