"""EventBridge, a queue, the dispatcher: a change of a source is an execution, whatever happens meanwhile."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from airflow_codepipeline.execution.run_conf import run_id_of
from fixtures.airflow_run import Run, wait_until

if TYPE_CHECKING:
    from fixtures.airflow_run import Airflow
    from fixtures.changing import ChangingSources

pytestmark = pytest.mark.slow

DISPATCHER = "codepipeline.dispatcher"
PUPPETS = ("lined-up", "newest-wins", "pushed")


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
