"""Backfills on a real Airflow: each execution takes what was current at its date, always the same."""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from airflow_codepipeline.dag.names import execution_id
from fixtures.airflow_run import Run, wait_until
from fixtures.dated_versions import DatedVersions
from fixtures.world import zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.airflow_run import Airflow
    from fixtures.embedded_aws import EmbeddedAws
    from fixtures.puppet import Puppets
    from fixtures.trial import Trial

pytestmark = pytest.mark.slow

# The newest date is twelve hours ago: Airflow starts no scheduled execution of its own meanwhile.
LAST = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=12)
DAYS = 30
KEY = "data.zip"
CONNECTION = "dated-s3"
MODES = ("SUPERSEDED", "QUEUED", "PARALLEL")
_SECONDS = 900.0


class History:
    """A source with a version for each date, written six hours before, and where it is deployed to."""

    def __init__(self, aws: EmbeddedAws, versions: DatedVersions) -> None:
        self.s3 = aws.client("s3", s3={"addressing_style": "path"})
        self.versions = versions
        name = uuid.uuid4().hex[:8]
        self.source, self.site = f"dated-{name}", f"dated-site-{name}"
        for bucket in (self.source, self.site):
            self.s3.create_bucket(Bucket=bucket)
            self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        self.days = {day: self._write(day) for day in days(DAYS)}

    def _write(self, day: datetime) -> str:
        version = self.write(day.date().isoformat())
        self.versions.date(version, day - timedelta(hours=6))
        return version

    def write(self, text: str) -> str:
        """Write a version that is of today."""
        put = self.s3.put_object(Bucket=self.source, Key=KEY, Body=zipped({"day.txt": text}))
        return str(put["VersionId"])

    def body(self, bucket: str, key: str, **version: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=bucket, Key=key, **version)["Body"].read())

    def deployed(self, execution: str) -> list[bytes]:
        """What an execution deployed, each time that it did."""
        key = f"{execution}.zip"
        found = self.s3.list_object_versions(Bucket=self.site, Prefix=key).get("Versions", [])
        return [self.body(self.site, key, VersionId=version["VersionId"]) for version in found]


def days(count: int) -> list[datetime]:
    """The last dates, the oldest first."""
    return [LAST - timedelta(days=number) for number in reversed(range(count))]


@pytest.fixture(scope="module")
def history(embedded_aws: EmbeddedAws, airflow_server: Airflow) -> Iterator[History]:
    with DatedVersions(embedded_aws.url) as versions:
        extra = {"region_name": "us-east-1", "service_config": {"s3": {"endpoint_url": versions.url}}}
        airflow_server.call(
            "POST",
            "/connections",
            connection_id=CONNECTION,
            conn_type="aws",
            login="test",
            password="test",
            extra=json.dumps(extra),
        )
        yield History(embedded_aws, versions)
        airflow_server.call("DELETE", f"/connections/{CONNECTION}")


def definition(history: History, name: str, mode: str, deploy: dict[str, Any], **airflow: Any):
    take = {
        "name": "Take",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": {"S3Bucket": history.source, "S3ObjectKey": KEY},
        "outputArtifacts": [{"name": "Data"}],
        "namespace": "Take",
    }
    approve = {
        "name": "Approve",
        "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
    }
    stages = [{"name": "Source", "actions": [take]}, {"name": "Deploy", "actions": [deploy]}]
    if "backfill" in airflow:
        stages.insert(1, {"name": "Decide", "actions": [approve]})
    return {
        "name": name,
        "pipelineType": "V2",
        "executionMode": mode,
        "roleArn": "arn:aws:iam::000000000000:role/trial",
        "artifactStore": {"type": "S3", "location": "trial-artifacts"},
        "stages": stages,
        "airflow": {"schedule": f"0 {LAST.hour} * * *", "region": "us-east-1", "aws_conn_id": CONNECTION}
        | airflow,
    }


def to_site(history: History) -> dict[str, Any]:
    return {
        "name": "Put",
        "actionTypeId": {"category": "Deploy", "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": {
            "BucketName": history.site,
            "Extract": "false",
            "ObjectKey": "#{codepipeline.PipelineExecutionId}.zip",
        },
        "inputArtifacts": [{"name": "Data"}],
    }


HELD = {
    "name": "Hold",
    "actionTypeId": {"category": "Deploy", "owner": "Custom", "provider": "Puppet", "version": "1"},
    "configuration": {"Note": "#{Take.VersionId}"},
}


@pytest.fixture(scope="module")
def airflow(airflow_server: Airflow, trial: Trial, history: History) -> Airflow:
    made = [
        definition(history, "daily", "PARALLEL", to_site(history)),
        definition(history, "daily-line", "QUEUED", HELD),
        *(
            definition(
                history, f"daily-{mode.lower()}", mode, to_site(history), backfill={"approvals": "skip"}
            )
            for mode in MODES
        ),
    ]
    for pipeline in made:
        path = airflow_server.pipelines / f"{pipeline['name']}.yaml"
        path.write_text(yaml.safe_dump(pipeline))
    airflow_server.wait_until_known(*(pipeline["name"] for pipeline in made))
    return airflow_server


@contextmanager
def nobody_writing(airflow: Airflow) -> Iterator[None]:
    """Stop all of Airflow but its API server for a moment, in which no worker runs anything.

    On SQLite Airflow answers 503 where another of its processes writes while it creates a backfill. It takes
    back what it has made, and a scheduler that has seen it ends.
    """
    writers = ("scheduler", "triggerer", "dag-processor")
    for component in writers:
        airflow.server.kill_component(component)
    try:
        yield
    finally:
        for component in writers:
            airflow.server.start_component(component)


class Backfill:
    """A backfill of some days."""

    def __init__(
        self, airflow: Airflow, dag_id: str, wanted: list[datetime], *, active: int, again: bool = False
    ) -> None:
        self.airflow, self.dag_id = airflow, dag_id
        self.id = airflow.call(
            "POST",
            "/backfills",
            dag_id=dag_id,
            from_date=wanted[0].isoformat(),
            to_date=wanted[-1].isoformat(),
            max_active_runs=active,
            reprocess_behavior="completed" if again else "none",
        )["id"]

    def runs(self) -> dict[datetime, dict[str, Any]]:
        """Its runs, by their dates."""
        found = self.airflow.call("GET", f"/dags/{self.dag_id}/dagRuns?limit=100")["dag_runs"]
        return {
            datetime.fromisoformat(run["logical_date"]): run for run in found if run["run_type"] == "backfill"
        }

    def run(self, day: datetime) -> Run:
        return Run(self.airflow, self.dag_id, self.runs()[day]["dag_run_id"])

    def execution(self, day: datetime) -> str:
        return execution_id(self.dag_id, self.runs()[day]["dag_run_id"])

    def wait(self) -> None:
        """Wait for its end."""

        def ended() -> bool:
            return self.airflow.call("GET", f"/backfills/{self.id}")["completed_at"] is not None

        wait_until(ended, lambda: {day: run["state"] for day, run in self.runs().items()}, _SECONDS)


def test_every_day_of_thirty_gets_its_version_and_gets_it_again(airflow: Airflow, history: History):
    history.write("today")
    wanted, artifacts = days(DAYS), []
    for again in (False, True):
        with nobody_writing(airflow):
            backfill = Backfill(airflow, "daily", wanted, active=8, again=again)
        backfill.wait()
        runs = backfill.runs()
        assert {run["state"] for run in runs.values()} == {"success"}
        assert sorted(runs) == wanted
        artifacts.append({day: artifact_of(history, backfill.run(day), day) for day in wanted})
        history.write("tomorrow")

    assert artifacts[0] == artifacts[1]
    assert len(set(artifacts[0].values())) == DAYS
    for day in wanted:
        first, second = history.deployed(backfill.execution(day))
        assert first == second == artifacts[0][day]


def artifact_of(history: History, run: Run, day: datetime) -> bytes:
    """Check what the source of a day took, and why; its artifact."""
    took = run.xcom("Source.Take")
    reason = f"(current at {day:%Y-%m-%dT%H:%MZ})"
    assert took["summary"] == f"Amazon S3 version id: {history.days[day]} {reason}"
    note = run.airflow.call("GET", run.path)["note"]
    assert note == f"CodePipeline: Took Take {history.days[day]} {reason}."
    [artifact] = took["artifacts"]
    assert artifact["revision_id"] == history.days[day]
    body = history.body(artifact["bucket"], artifact["key"])
    assert body == history.body(history.source, KEY, VersionId=history.days[day])
    return body


def test_a_backfill_of_two_at_once_passes_in_every_mode_without_asking_anybody(
    airflow: Airflow, history: History
):
    wanted = days(3)
    with nobody_writing(airflow):
        backfills = [Backfill(airflow, f"daily-{mode.lower()}", wanted, active=2) for mode in MODES]
    for backfill in backfills:
        backfill.wait()
        for day in wanted:
            run = backfill.run(day)
            assert run.state() == "success"
            assert set(run.states().values()) == {"success"}
            assert run.xcom("Decide.Approve")["summary"] == "Skipped: a backfill"
            assert history.deployed(backfill.execution(day)) == [artifact_of(history, run, day)]


def test_a_backfill_does_not_go_before_an_execution_that_started_earlier(
    airflow: Airflow, history: History, puppets: Puppets
):
    inside, waiting = airflow.start("daily-line"), airflow.start("daily-line")
    inside.wait_for_trigger("Deploy.Hold")
    waiting.wait_for_trigger("Deploy.enter")
    wanted = days(2)
    with nobody_writing(airflow):
        backfill = Backfill(airflow, "daily-line", wanted, active=2)
    wait_until(lambda: len(backfill.runs()) == len(wanted), backfill.runs)
    line = [inside.run_id, waiting.run_id, *(backfill.execution(day) for day in wanted)]
    backfill.run(wanted[0]).wait_for_trigger("Deploy.enter")

    for place, execution in enumerate(line):
        wait_until(lambda one=execution: puppets.started(one, "Deploy.Hold") == 1, backfill.runs)
        assert [puppets.started(later, "Deploy.Hold") for later in line[place + 1 :]] == [0] * (3 - place)
        puppets.say(execution, "Deploy.Hold", "succeed")
    backfill.wait()
    assert puppets.note(line[3], "Deploy.Hold") == history.days[wanted[1]]
