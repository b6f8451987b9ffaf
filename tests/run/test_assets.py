"""Assets on a real Airflow: a stage that succeeded updates one, and a pipeline that waits for it starts."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from airflow_codepipeline.dag.names import execution_id
from fixtures.airflow_run import Run, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fixtures.airflow_run import Airflow
    from fixtures.puppet import Puppets

pytestmark = pytest.mark.slow

PRODUCER, CONSUMER, ASSET = "asset-producer", "asset-consumer", "s3://shop/live"
GATE, ACTION, DEPLOYMENT = "Work.enter", "Work.Do", "Deploy.Out"


def puppet(category: str, name: str, **configuration: str) -> dict[str, Any]:
    kind = {"category": category, "owner": "Custom", "provider": "Puppet", "version": "1"}
    return {"name": name, "actionTypeId": kind, "configuration": configuration}


def declaration(name: str, source: dict[str, Any], stage: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "pipelineType": "V2",
        "executionMode": "QUEUED",
        "roleArn": "arn:aws:iam::000000000000:role/trial",
        "artifactStore": {"type": "S3", "location": "trial-artifacts"},
        "stages": [{"name": "Source", "actions": [source]}, stage],
        "airflow": {"region": "us-east-1"} | more.pop("airflow", {}),
    } | more


def producer() -> dict[str, Any]:
    code = {
        "name": "Code",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": {
            "S3Bucket": "trial-source",
            "S3ObjectKey": "trial.zip",
            "PollForSourceChanges": "false",
        },
        "outputArtifacts": [{"name": "Code"}],
    }
    wanted = {
        "name": "IsWanted",
        "ruleTypeId": {"category": "Rule", "owner": "AWS", "provider": "VariableCheck", "version": "1"},
        "configuration": {"Variable": "#{variables.Deploy}", "Operator": "EQ", "Value": "yes"},
    }
    deploy = {
        "name": "Deploy",
        "beforeEntry": {"conditions": [{"result": "SKIP", "rules": [wanted]}]},
        "actions": [puppet("Deploy", "Out")],
        "airflow": {"outlets": [ASSET]},
    }
    return declaration(PRODUCER, code, deploy, variables=[{"name": "Deploy", "defaultValue": "yes"}])


def consumer() -> dict[str, Any]:
    work = {"name": "Work", "actions": [puppet("Deploy", "Do")]}
    schedule = {"assets": {"any": [ASSET, "nobody-updates-this"]}}
    source = puppet("Source", "Take", Word="succeed")
    return declaration(CONSUMER, source, work, airflow={"schedule": schedule})


@pytest.fixture(scope="module")
def airflow(airflow_server: Airflow) -> Iterator[Airflow]:
    files = {airflow_server.pipelines / f"{made['name']}.json": made for made in (producer(), consumer())}
    for path, made in files.items():
        path.write_text(json.dumps(made))
    airflow_server.wait_until_known(PRODUCER, CONSUMER)
    yield airflow_server
    for path in files:
        path.unlink()


@pytest.fixture(scope="module")
def codepipeline(airflow: Airflow) -> Iterator[Any]:
    with contextlib.closing(airflow.codepipeline()) as client:
        yield client


@pytest.fixture
def produce(airflow: Airflow, puppets: Puppets) -> Callable[[], Run]:
    """Run the producer to its end."""

    def run() -> Run:
        started = airflow.start(PRODUCER)
        puppets.say(started.run_id, DEPLOYMENT, "succeed")
        assert started.wait_until_ended() == "success", started.states()
        return started

    return run


def events(airflow: Airflow) -> list[dict[str, Any]]:
    """The updates of the asset, the oldest first.

    Airflow answers 500 while an execution that one of them starts is queued: it has no start date.
    """
    found = airflow.call("GET", f"/assets?uri_pattern={ASSET}")["assets"]
    if not found:
        return []
    told: list[dict[str, Any]] = []

    def answered() -> bool:
        answer = airflow.http.get(f"/assets/events?asset_id={found[0]['id']}&order_by=timestamp")
        assert answer.status_code in {200, 500}, answer.text
        told.extend(answer.json()["asset_events"] if answer.is_success else ())
        return answer.is_success

    wait_until(answered, lambda: consumers(airflow))
    return told


def consumers(airflow: Airflow) -> list[dict[str, Any]]:
    """The runs of the consumer, the oldest first."""
    return list(airflow.call("GET", f"/dags/{CONSUMER}/dagRuns?order_by=run_after")["dag_runs"])


def started_by_an_asset(airflow: Airflow, number: int) -> Run:
    """Wait for the consumer's run of that number, from 1, which an asset started."""

    def found() -> list[dict[str, Any]]:
        return [run for run in consumers(airflow) if run["run_type"] == "asset_triggered"]

    wait_until(lambda: len(found()) >= number, lambda: consumers(airflow))
    return Run(airflow, CONSUMER, found()[number - 1]["dag_run_id"])


def test_only_a_stage_that_succeeded_updates_its_assets_once_and_says_what_was_deployed(
    airflow: Airflow, codepipeline, puppets: Puppets
):
    skipped = airflow.start(PRODUCER, Deploy="no")
    assert skipped.wait_until_ended() == "success", skipped.states()
    assert skipped.states()["Deploy.done"] == "success"
    run = airflow.start(PRODUCER)
    puppets.say(run.run_id, DEPLOYMENT, "fail")
    assert run.wait_until_ended() == "failed", run.states()
    assert events(airflow) == []

    stage = {"pipelineName": PRODUCER, "stageName": "Deploy", "pipelineExecutionId": run.run_id}
    codepipeline.retry_stage_execution(**stage, retryMode="FAILED_ACTIONS")
    puppets.say(run.run_id, DEPLOYMENT, "succeed", 2)
    assert run.wait_until_ended() == "success", run.states()

    [event] = events(airflow)
    newest, *_ = codepipeline.list_pipeline_executions(pipelineName=PRODUCER)["pipelineExecutionSummaries"]
    assert event["extra"] == {
        "pipelineName": PRODUCER,
        "stageName": "Deploy",
        "pipelineExecutionId": run.run_id,
        "sourceRevisions": newest["sourceRevisions"],
    }
    assert newest["sourceRevisions"][0]["revisionId"]
    assert (event["source_dag_id"], event["source_task_id"]) == (PRODUCER, "Deploy.done")


def test_an_execution_that_an_asset_starts_takes_its_turn_and_is_shown_as_what_it_is(
    airflow: Airflow, codepipeline, produce, puppets: Puppets
):
    """Its run has no logical date: nothing that orders executions may ask for one."""
    first = started_by_an_asset(airflow, 1)
    first.wait_for_trigger(ACTION)
    produce()
    second = started_by_an_asset(airflow, 2)
    second.wait_for_trigger(GATE)
    third = airflow.start(CONSUMER)
    third.wait_for_trigger(GATE)
    assert [run["logical_date"] for run in consumers(airflow)][:2] == [None, None]

    for run, following in ((first, second), (second, third), (third, None)):
        if following:
            assert following.states()[GATE] == "deferred"
        puppets.say(execution_id(CONSUMER, run.run_id), ACTION, "succeed")
        assert run.wait_until_ended() == "success", run.states()
        if following:
            following.wait_for_trigger(ACTION)

    shown = codepipeline.list_pipeline_executions(pipelineName=CONSUMER)["pipelineExecutionSummaries"]
    by_id = {summary["pipelineExecutionId"]: summary for summary in shown}
    for run in (first, second):
        summary = by_id[execution_id(CONSUMER, run.run_id)]
        assert summary["status"] == "Succeeded"
        assert summary["trigger"] == {
            "triggerType": "CloudWatchEvent",
            "triggerDetail": "An asset of Airflow's",
        }
    consumed = airflow.call("GET", f"{first.path}/upstreamAssetEvents")["asset_events"]
    assert [event["source_dag_id"] for event in consumed] == [PRODUCER]


def test_updates_while_the_pipeline_works_are_one_more_execution_that_begins_after_the_last(
    airflow: Airflow, produce, puppets: Puppets
):
    before = len([run for run in consumers(airflow) if run["run_type"] == "asset_triggered"])
    last = [produce() for _ in range(2)][-1]
    run = started_by_an_asset(airflow, before + 1)
    new = [entry for entry in consumers(airflow) if entry["run_type"] == "asset_triggered"][before:]
    for entry in new:
        puppets.say(execution_id(CONSUMER, entry["dag_run_id"]), ACTION, "succeed")
        assert Run(airflow, CONSUMER, entry["dag_run_id"]).wait_until_ended() == "success"

    assert 1 <= len(new) <= 2
    ended = last.task("Deploy.done")["end_date"]
    assert max(entry["queued_at"] for entry in consumers(airflow)) >= ended, run.run_id
