"""What others are told of executions, on a real Airflow: an event bus, a topic, the server of the commits."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import pytest

from airflow_codepipeline.local.airflow_server import AirflowServer, free_port
from fixtures import puppet
from fixtures.airflow_run import Airflow, Run, wait_until
from fixtures.airflow_server import FAST, ROOT, project_of
from fixtures.event_listener import Listener, Outage, line
from fixtures.git import Workshop
from fixtures.hoster import Hoster
from fixtures.puppet import Puppets
from hammer.database import database_of_tests

if TYPE_CHECKING:
    from fixtures.embedded_aws import EmbeddedAws

pytestmark = pytest.mark.slow

TOKEN = "token-42"
REPORTER = "codepipeline.reporter"
ARN = "arn:aws:codepipeline:us-east-1:000000000000:{}"
PASSED = [
    "pipeline STARTED",
    "Source STARTED",
    "Source/Take STARTED",
    "Source/Take SUCCEEDED",
    "Source SUCCEEDED",
    "Build STARTED",
    "Build/A STARTED",
]
SHIPPED = [
    "Build/A SUCCEEDED",
    "Build/B STARTED",
    "Build/B SUCCEEDED",
    "Build SUCCEEDED",
    "Ship STARTED",
    "Ship/Ok STARTED",
    "Ship/Ok SUCCEEDED",
    "Ship/Out STARTED",
    "Ship/Out SUCCEEDED",
    "Ship SUCCEEDED",
    "pipeline SUCCEEDED",
]


@pytest.fixture(scope="module")
def outage(embedded_aws: EmbeddedAws):
    with Outage(embedded_aws.url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def hoster(embedded_aws: EmbeddedAws):
    with Hoster(embedded_aws.url, TOKEN) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def events(embedded_aws: EmbeddedAws):
    listener = Listener(embedded_aws, "reported-events")
    with contextlib.closing(embedded_aws.client("events")) as client, contextlib.closing(listener):
        client.create_event_bus(Name="reported")
        pattern = {"source": ["airflow.codepipeline"]}
        client.put_rule(Name="all", EventBusName="reported", EventPattern=json.dumps(pattern))
        target = {"Id": "queue", "Arn": listener.arn}
        client.put_targets(Rule="all", EventBusName="reported", Targets=[target])
        yield listener


@pytest.fixture(scope="module")
def notifications(embedded_aws: EmbeddedAws):
    listener = Listener(embedded_aws, "reported-notifications")
    with contextlib.closing(embedded_aws.client("sns")) as client, contextlib.closing(listener):
        topic = client.create_topic(Name="reported")["TopicArn"]
        raw = {"RawMessageDelivery": "true"}
        client.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=listener.arn, Attributes=raw)
        yield listener


@pytest.fixture(scope="module")
def puppets(tmp_path_factory) -> Puppets:
    return Puppets(tmp_path_factory.mktemp("puppets"))


@pytest.fixture(scope="module")
def listeners(events, notifications):
    """Both of them, before anything is told."""


@pytest.fixture(scope="module")
def airflow(tmp_path_factory, embedded_aws: EmbeddedAws, outage, hoster, listeners, puppets):
    with contextlib.closing(embedded_aws.client("s3")) as s3:
        s3.create_bucket(Bucket="reported-artifacts")
    folder = tmp_path_factory.mktemp("reported")
    connection = {"conn_type": "github", "host": f"{hoster.url}/git", "login": "me", "password": TOKEN}
    with database_of_tests() as database, contextlib.ExitStack() as stack:
        server = AirflowServer(
            home=folder / "home",
            project=project_of(folder / "project", ROOT / "tests" / "data" / "reported"),
            port=free_port(0),
            environment=embedded_aws.environment
            | database
            | FAST
            | {
                "AWS_ENDPOINT_URL_EVENTBRIDGE": outage.url,
                "AIRFLOW__CODEPIPELINE__EVENT_BUS": "reported",
                "AIRFLOW_CONN_HOSTER": json.dumps(connection),
                "PYTHONPATH": str(ROOT / "tests"),
                puppet.FOLDER: str(puppets.folder),
            },
        )
        stack.callback(server.stop)
        server.start()
        running = Airflow(server, folder)
        stack.callback(running.close)
        running.wait_until_known("reported", "committed", REPORTER)
        yield running


@pytest.fixture(scope="module")
def codepipeline(airflow: Airflow):
    with contextlib.closing(airflow.codepipeline()) as client:
        yield client


def pipeline_states(found) -> list[str]:
    return [one["detail"]["state"] for one in found if "stage" not in one["detail"]]


def until(*states: str):
    """Tell whether the pipeline has been in these states, and no others."""
    return lambda found: pipeline_states(found) == list(states)


def reporter(run: Run, attempt: int = 1) -> Run:
    """The reporter's run of an attempt."""
    return Run(run.airflow, REPORTER, f"{run.run_id}.{attempt}")


def ship(run: Run, puppets: Puppets, number: int = 1) -> None:
    puppets.say(run.run_id, "Build.A", "succeed", number)
    run.wait_for_question("Ship.Ok")
    run.answer("Ship.Ok", "Approve", "fine")


def test_an_execution_that_succeeds_is_told_from_its_start_to_its_end(
    airflow, codepipeline, events, notifications, puppets
):
    run = Run(
        airflow, "reported", codepipeline.start_pipeline_execution(name="reported")["pipelineExecutionId"]
    )
    puppets.say(run.run_id, "Build.A", "succeed")
    # Of an approval that is answered before the next look nobody is told that it is needed.
    notifications.wait_for(run.run_id, lambda heard: "Ship/Ok STARTED" in map(line, heard))
    run.answer("Ship.Ok", "Approve", "fine")
    assert run.wait_until_ended() == "success"

    found = events.wait_for(run.run_id, until("STARTED", "SUCCEEDED"))

    assert [line(event) for event in found] == PASSED + SHIPPED
    first, last = found[0], found[-1]
    assert first["source"] == "airflow.codepipeline"
    assert first["detail-type"] == "CodePipeline Pipeline Execution State Change"
    assert first["resources"] == [ARN.format("reported")]
    start = first["detail"].pop("start-time")
    assert first["detail"] == {
        "pipeline": "reported",
        "execution-id": run.run_id,
        "execution-trigger": {"trigger-type": "StartPipelineExecution", "trigger-detail": "admin"},
        "state": "STARTED",
        "version": 1.0,
        "pipeline-execution-attempt": 1.0,
    }
    assert last["detail"] == {
        "pipeline": "reported",
        "execution-id": run.run_id,
        "start-time": start,
        "state": "SUCCEEDED",
        "version": 1.0,
        "pipeline-execution-attempt": 1.0,
    }
    [taken] = [event for event in found if line(event) == "Source/Take SUCCEEDED"]
    assert taken["detail-type"] == "CodePipeline Action Execution State Change"
    assert taken["detail"]["execution-result"] == {
        "external-execution-summary": "done as told",
        "external-execution-id": f"{run.run_id}.Source.Take.1",
    }
    assert taken["detail"]["action-execution-id"] == run.xcom("Source.Take")["actionExecutionId"]
    assert taken["detail"]["type"] == {
        "owner": "Custom",
        "provider": "Puppet",
        "category": "Source",
        "version": "1",
    }
    assert reporter(run).wait_until_ended() == "success"
    assert reporter(run).states() == {
        "event_bus": "success",
        "notifications": "success",
        "commit_statuses": "skipped",
    }
    told = notifications.wait_for(run.run_id, until("SUCCEEDED"))
    assert [line(one) for one in told] == [
        "Source STARTED",
        "Build STARTED",
        "Ship STARTED",
        "Ship/Ok STARTED",
        "Ship/Ok SUCCEEDED",
        "pipeline SUCCEEDED",
    ]
    asked = told[3]
    assert asked["additionalAttributes"] == {
        "externalEntityLink": "https://example.com/release",
        "customData": "Ship it?",
    }
    assert asked["resources"] == [ARN.format("reported")]
    assert told[1]["additionalAttributes"]["sourceActions"] == [
        {
            "sourceActionName": "Take",
            "sourceActionProvider": "Puppet",
            "sourceActionVariables": {"Job": f"{run.run_id}.Source.Take.1", "Note": "one"},
        }
    ]


def test_an_execution_that_fails_and_is_retried_is_resumed(
    airflow, codepipeline, events, notifications, puppets
):
    run = airflow.start("reported")
    puppets.say(run.run_id, "Build.A", "fail")
    assert run.wait_until_ended() == "failed"
    codepipeline.retry_stage_execution(
        pipelineName="reported",
        stageName="Build",
        pipelineExecutionId=run.run_id,
        retryMode="FAILED_ACTIONS",
    )
    ship(run, puppets, 2)
    assert run.wait_until_ended() == "success"

    found = events.wait_for(run.run_id, until("STARTED", "FAILED", "RESUMED", "SUCCEEDED"))

    assert [line(event) for event in found] == [
        *PASSED,
        "Build/A FAILED",
        "Build FAILED",
        "pipeline FAILED",
        "pipeline RESUMED",
        "Build RESUMED",
        "Build/A STARTED",
        *SHIPPED,
    ]
    failed = found[len(PASSED)]["detail"]
    assert failed["execution-result"] == {
        "external-execution-summary": "the test says so",
        "external-execution-id": f"{run.run_id}.Build.A.1",
        "error-code": "JobFailed",
    }
    ids = [event["detail"]["action-execution-id"] for event in found if line(event).startswith("Build/A ")]
    assert ids[0] == ids[1] != ids[2] == ids[3]
    resumed = found[len(PASSED) + 4]["detail"]
    assert resumed["stage-last-retry-attempt-time"]
    assert resumed["pipeline-execution-attempt"] == 2.0
    assert [event["detail"]["pipeline-execution-attempt"] for event in found].count(1.0) == len(PASSED) + 3
    told = notifications.wait_for(run.run_id, until("FAILED", "SUCCEEDED"))
    [failure] = [one for one in told if line(one) == "pipeline FAILED"]
    assert failure["additionalAttributes"] == {
        "failedActionCount": 1,
        "failedActions": [{"action": "A", "additionalInformation": "the test says so"}],
        "failedStage": "Build",
    }


@pytest.mark.parametrize("abandon", [False, True], ids=["wait", "abandon"])
def test_an_execution_that_is_stopped_is_stopping_and_then_stopped(
    airflow, codepipeline, events, puppets, abandon
):
    run = airflow.start("reported")
    run.wait_for_trigger("Build.A")
    codepipeline.stop_pipeline_execution(
        pipelineName="reported", pipelineExecutionId=run.run_id, reason="wrong branch", abandon=abandon
    )
    if not abandon:
        puppets.say(run.run_id, "Build.A", "succeed")
    assert run.wait_until_ended() == "failed"

    found = events.wait_for(run.run_id, until("STARTED", "STOPPING", "STOPPED"))

    ended = "Build/A ABANDONED" if abandon else "Build/A SUCCEEDED"
    assert sorted(line(event) for event in found) == sorted(
        [*PASSED, "pipeline STOPPING", "Build STOPPING", ended, "Build STOPPED", "pipeline STOPPED"]
    )
    [stopping] = [event["detail"] for event in found if line(event) == "pipeline STOPPING"]
    assert stopping["stop-execution-comments"] == "wrong branch"


def test_an_execution_that_is_stopped_before_it_began_is_told_of_too(airflow, codepipeline, events):
    first = airflow.start("reported")
    first.wait_for_trigger("Build.A")
    waiting = airflow.start("reported")
    wait_until(lambda: waiting.states().get("Build.enter") == "deferred", waiting.states)
    for run in (waiting, first):
        codepipeline.stop_pipeline_execution(
            pipelineName="reported", pipelineExecutionId=run.run_id, abandon=True
        )

    found = events.wait_for(waiting.run_id, until("STARTED", "STOPPING", "STOPPED"))

    assert [line(event) for event in found] == [*PASSED[:5], "pipeline STOPPING", "pipeline STOPPED"]


def test_nothing_is_lost_while_the_event_bus_is_out(airflow, events, outage, puppets):
    run = airflow.start("reported")
    run.wait_for_trigger("Build.A")
    events.wait_for(run.run_id, lambda found: len(found) == len(PASSED))
    outage.out = True
    try:
        ship(run, puppets)
        assert run.wait_until_ended() == "success"
        wait_until(lambda: outage.refused > 0, lambda: outage.refused)
        assert reporter(run).state() == "running"
        assert len(events.of(run.run_id)) == len(PASSED)
    finally:
        outage.out = False

    found = events.wait_for(run.run_id, until("STARTED", "SUCCEEDED"))

    assert [line(event) for event in found] == PASSED + SHIPPED
    assert reporter(run).wait_until_ended() == "success"


def test_the_server_of_a_commit_is_told_what_becomes_of_it(
    airflow, embedded_aws, events, hoster, puppets, tmp_path
):
    work = Workshop(tmp_path / "work")
    commit = work.commit("The first", readme_md="1\n")
    work.push(f"{embedded_aws.url}/git/acme/reported")
    run = airflow.start("committed")
    run.wait_for_trigger("Deploy.Out")
    wait_until(lambda: hoster.statuses, lambda: reporter(run).states())
    puppets.say(run.run_id, "Deploy.Out", "succeed")
    assert run.wait_until_ended() == "success"
    assert reporter(run).wait_until_ended() == "success"

    page = f"{airflow.server.url}/dags/committed/runs/{run.run_id}"
    common = {"repository": "acme/reported", "commit": commit, "context": "codepipeline/committed"}
    assert hoster.statuses == [
        common | {"state": "pending", "description": "In progress", "target_url": page},
        common | {"state": "success", "description": "Succeeded", "target_url": page},
    ]
    found = {
        line(event): event["detail"] for event in events.wait_for(run.run_id, until("STARTED", "SUCCEEDED"))
    }
    written = found["Source/Take SUCCEEDED"]["output-artifacts"]
    assert [artifact["name"] for artifact in written] == ["App"]
    assert written[0]["s3location"]["bucket"] == "reported-artifacts"
    assert found["Deploy/Out STARTED"]["input-artifacts"] == written
    assert found["Source/Take SUCCEEDED"]["execution-result"]["external-execution-id"] == commit
