"""EventBridge, a queue, the dispatcher: a change of a source is an execution, whatever happens meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_codepipeline.changes.message import read_message
from airflow_codepipeline.execution.run_conf import run_id_of
from fixtures.airflow_run import Run, wait_until
from fixtures.git import Workshop

if TYPE_CHECKING:
    from fixtures.airflow_run import Airflow
    from fixtures.changing import ChangingSources
    from fixtures.puppet import Puppets

pytestmark = pytest.mark.slow

DISPATCHER = "codepipeline.dispatcher"
BURST = 100
PIPELINES = Path(__file__).parents[1] / "data" / "puppet" / "pipelines"


class Started:
    """The executions of a pipeline, as they come."""

    def __init__(self, airflow: Airflow, pipeline: str) -> None:
        airflow.wait_until_known(DISPATCHER, pipeline)
        self.airflow, self.pipeline = airflow, pipeline
        self._before = len(self._runs())

    def _runs(self) -> list[dict[str, Any]]:
        path = f"/dags/{self.pipeline}/dagRuns?order_by=run_after&limit=100"
        first = self.airflow.call("GET", path)
        runs = list(first["dag_runs"])
        while len(runs) < first["total_entries"]:
            runs += self.airflow.call("GET", f"{path}&offset={len(runs)}")["dag_runs"]
        return runs

    def new(self) -> list[dict[str, Any]]:
        """The runs since this was made, in the order of their start."""
        return self._runs()[self._before :]

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """Wait until so many have started; they."""
        wait_until(lambda: len(self.new()) >= count, self.airflow.client.import_errors)
        return self.new()

    def run(self, started: dict[str, Any]) -> Run:
        return Run(self.airflow, self.pipeline, started["dag_run_id"])


def revision_of(run: dict[str, Any]) -> str:
    (revision,) = run["conf"]["codepipeline.sourceRevisions"]
    return str(revision["revisionValue"])


def test_a_new_version_of_an_object_is_an_execution_with_that_version(
    airflow_server: Airflow, changing_sources: ChangingSources
):
    started = Started(airflow_server, "lined-up")

    version = changing_sources.put("lined-up.zip", "one")
    changing_sources.put("another.zip", "not watched")

    (run,) = started.wait_for(1)
    assert started.run(run).wait_until_ended() == "success"
    assert started.run(run).xcom("Source.Code")["variables"]["VersionId"] == version
    pipeline = airflow_server.codepipeline()
    found = pipeline.get_pipeline_execution(pipelineName="lined-up", pipelineExecutionId=run["dag_run_id"])
    pipeline.close()
    assert found["pipelineExecution"]["trigger"]["triggerType"] == "CloudWatchEvent"
    assert version in found["pipelineExecution"]["trigger"]["triggerDetail"]
    wait_until(lambda: changing_sources.left() == 0, changing_sources.left)
    assert len(started.new()) == 1


def test_a_second_delivery_of_an_event_starts_nothing(
    airflow_server: Airflow, changing_sources: ChangingSources
):
    started = Started(airflow_server, "lined-up")
    version = changing_sources.put("other.zip", "an object whose event is sent by hand")
    event = object_created("lined-up.zip", version)

    changing_sources.send(event)
    (run,) = started.wait_for(1)
    changing_sources.send(event)
    changing_sources.send(event)

    wait_until(lambda: changing_sources.left() == 0, changing_sources.left)
    assert [one["dag_run_id"] for one in started.new()] == [run_id_of("lined-up", event["id"])]
    started.run(run).end()


def test_a_burst_of_versions_is_as_many_executions_one_each(
    airflow_server: Airflow, changing_sources: ChangingSources
):
    started = Started(airflow_server, "lined-up")

    versions = [changing_sources.put("lined-up.zip", str(number)) for number in range(BURST)]

    runs = started.wait_for(BURST)
    wait_until(lambda: changing_sources.left() == 0, changing_sources.left)
    assert sorted(map(revision_of, started.new())) == sorted(versions)
    for run in runs[3:]:
        started.run(run).end()
    for run in runs[:3]:
        assert started.run(run).wait_until_ended() == "success"
        assert started.run(run).xcom("Source.Code")["variables"]["VersionId"] == revision_of(run)


def test_of_a_burst_of_versions_the_last_wins_where_executions_supersede_each_other(
    airflow_server: Airflow, changing_sources: ChangingSources, puppets: Puppets
):
    started = Started(airflow_server, "newest-wins")

    versions = [changing_sources.put("newest-wins.zip", str(number)) for number in range(BURST)]

    runs = started.wait_for(BURST)
    for run in runs:
        started.run(run).wait_until_ended()
    assert sorted(map(revision_of, runs)) == sorted(versions)
    deployed = [run for run in runs if puppets.started(run["dag_run_id"], "Deploy.Out")]
    assert revision_of(deployed[-1]) == versions[-1]
    assert puppets.note(deployed[-1]["dag_run_id"], "Deploy.Out") == versions[-1]
    assert len(started.new()) == BURST


def test_a_push_is_an_execution_of_its_commit(
    airflow_server: Airflow, changing_sources: ChangingSources, tmp_path: Path
):
    started = Started(airflow_server, "pushed")
    workshop, url = Workshop(tmp_path / "clone"), changing_sources.repository_url()
    commit = workshop.commit("Say hello", hello_txt="hello")

    workshop.push(url)
    workshop.push(url, branch="another")

    (run,) = started.wait_for(1)
    assert started.run(run).wait_until_ended() == "success"
    assert revision_of(run) == commit
    assert started.run(run).xcom("Source.Code")["variables"]["CommitId"] == commit
    wait_until(lambda: changing_sources.left() == 0, changing_sources.left)
    assert len(started.new()) == 1


def test_a_rule_with_an_input_transformer_starts_the_pipeline_that_it_names(
    airflow_server: Airflow, changing_sources: ChangingSources
):
    started = Started(airflow_server, "guarded")
    request = {
        "name": "guarded",
        "variables": [{"name": "Before", "value": "<why>"}],
        "clientRequestToken": "<id>",
        "triggerDetail": "<aws.events.rule-arn>",
    }

    changing_sources.transform(
        "orders",
        {"id": "$.id", "why": "$.detail.why"},
        request,
        {"source": ["shop"], "detail": {"why": "no"}},
    )

    (run,) = started.wait_for(1)
    assert run["conf"]["Before"] == "no"
    assert run["conf"]["codepipeline.trigger"] == {
        "triggerType": "CloudWatchEvent",
        "triggerDetail": "arn:aws:events:us-east-1:000000000000:rule/orders",
    }
    started.run(run).end()


def test_a_worker_that_dies_when_it_has_started_and_not_deleted_starts_nothing_twice(
    airflow_server: Airflow, changing_sources: ChangingSources
):
    started = Started(airflow_server, "lined-up")
    hold = changing_sources.hold_delete()
    version = changing_sources.put("lined-up.zip", "a worker's last")

    worker = hold.caller()
    supervisor = worker.parent()
    worker.kill()
    supervisor.kill()
    hold.release()

    wait_until(lambda: changing_sources.left() == 0, started.new)
    (run,) = started.new()
    assert revision_of(run) == version
    started.run(run).end()


def test_an_api_destination_starts_the_pipeline_that_takes_the_image(
    airflow_server: Airflow, changing_sources: ChangingSources, puppets: Puppets
):
    started = Started(airflow_server, "tagged")
    address = airflow_server.server.url.replace("localhost", "127.0.0.1")
    changing_sources.send_to(json.loads(template("tagged", "--api-destination", address, "--format", "json")))

    digest = changing_sources.push_image("one")

    (run,) = started.wait_for(1)
    assert started.run(run).wait_until_ended() == "success"
    assert (revision_of(run), run["triggering_user_name"]) == (digest, "EventBridge")
    assert puppets.note(run["dag_run_id"], "Deploy.Out") == digest


def test_the_template_of_a_queue_brings_changes_into_it(changing_sources: ChangingSources):
    outputs = changing_sources.deploy("queue", template("lined-up", "--queue-name", "of-a-template"))

    changing_sources.put("newest-wins.zip", "not watched by it")
    version = changing_sources.put("lined-up.zip", "watched")

    sqs = changing_sources.sqs
    received = sqs.receive_message(QueueUrl=outputs["QueueUrl"], WaitTimeSeconds=10)["Messages"]
    assert [read_message(message["Body"]).revision.value for message in received] == [version]


def template(pipeline: str, *arguments: str) -> str:
    program = Path(sys.executable).with_name("codepipeline")
    command = [program, "triggers", "template", PIPELINES / f"{pipeline}.json", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_message_that_nothing_can_be_done_with_stays_and_the_run_says_so(
    airflow_server: Airflow, changing_sources: ChangingSources
):
    started = Started(airflow_server, DISPATCHER)

    changing_sources.send({"name": "no-such-pipeline"})

    wait_until(lambda: any(run["state"] == "failed" for run in started.new()), started.new)
    assert changing_sources.left() == 1
    changing_sources.purge()


def test_nothing_is_lost_while_all_of_airflow_is_down(
    airflow_server: Airflow, changing_sources: ChangingSources, tmp_path: Path
):
    objects, pushes = Started(airflow_server, "lined-up"), Started(airflow_server, "pushed")
    workshop, url = Workshop(tmp_path / "clone"), changing_sources.repository_url()
    wait_until(lambda: changing_sources.left() == 0, changing_sources.left)
    for component in airflow_server.server.components:
        airflow_server.server.kill_component(component)

    versions = [changing_sources.put("lined-up.zip", f"unseen {number}") for number in range(5)]
    commits = [push(workshop, url, f"unseen {number}") for number in range(3)]
    wait_until(lambda: changing_sources.left() == 8, changing_sources.left)
    airflow_server.server.start()

    objects.wait_for(5)
    pushes.wait_for(3)
    wait_until(lambda: changing_sources.left() == 0, changing_sources.left)
    assert sorted(map(revision_of, objects.new())) == sorted(versions)
    assert sorted(map(revision_of, pushes.new())) == sorted(commits)
    for run in pushes.new():
        assert pushes.run(run).wait_until_ended() == "success"
    for run in objects.new():
        objects.run(run).end()


def push(workshop: Workshop, url: str, text: str) -> str:
    commit = workshop.commit(text, hello_txt=text)
    workshop.git("push", "--quiet", "--force", url, "HEAD:refs/heads/main")
    return commit


def object_created(key: str, version: str) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "000000000000",
        "time": "2026-11-12T00:00:00Z",
        "region": "us-east-1",
        "detail": {"bucket": {"name": "changing-sources"}, "object": {"key": key, "version-id": version}},
    }
