"""Polling on a real Airflow of its own: one call a source, no worker, nothing lost and nothing twice."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_codepipeline.local.airflow_server import AirflowServer
from fixtures import puppet
from fixtures.airflow_run import Airflow, Run, wait_until
from fixtures.airflow_server import FAST, free_port
from fixtures.aws_proxy import AwsProxy
from fixtures.git import Workshop
from hammer.database import database_of_tests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler

    from fixtures.embedded_aws import EmbeddedAws
    from fixtures.trial import Trial

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
POLLER, SECONDS = "codepipeline.poller", 3
BUCKET, KEY = "polled-source", "app.zip"
OBJECT = f"s3://{BUCKET}/{KEY}"
SHARED, GIT = ("polled-one", "polled-two"), "polled-git"


class CountedCalls(AwsProxy):
    """Counts what the poller asks: an object's current version, the branches of a repository."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.heads = 0
        self.branches = 0

    def answered(self, request: BaseHTTPRequestHandler, content: bytes) -> bytes:
        # The source action asks for the version that it was started with.
        self.heads += request.command == "HEAD" and request.path == f"/{BUCKET}/{KEY}"
        self.branches += request.command == "GET" and "/info/refs" in request.path
        return content


def pipeline(name: str, provider: str, configuration: dict[str, str], role: str = "trial") -> dict[str, Any]:
    owner = "AWS" if provider == "S3" else "Custom"
    take = {
        "name": "Take",
        "actionTypeId": {"category": "Source", "owner": owner, "provider": provider, "version": "1"},
        "configuration": configuration,
        "outputArtifacts": [{"name": "Code"}],
    }
    out = {
        "name": "Out",
        "actionTypeId": {"category": "Deploy", "owner": "Custom", "provider": "Puppet", "version": "1"},
        "configuration": {"Word": "succeed"},
    }
    return {
        "name": name,
        "pipelineType": "V2",
        "executionMode": "QUEUED",
        "roleArn": f"arn:aws:iam::000000000000:role/{role}",
        "artifactStore": {"type": "S3", "location": "trial-artifacts"},
        "stages": [{"name": "Source", "actions": [take]}, {"name": "Deploy", "actions": [out]}],
        "airflow": {"region": "us-east-1"},
    }


class World:
    """What is polled, and the Airflow that polls it."""

    def __init__(self, aws: EmbeddedAws, calls: CountedCalls, folder: Path) -> None:
        self.calls = calls
        self.s3 = aws.client("s3")
        self.s3.create_bucket(Bucket=BUCKET)
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        trust = {"Principal": {"AWS": "*"}, "Effect": "Allow", "Action": "sts:AssumeRole"}
        with contextlib.closing(aws.client("iam")) as iam:
            for name in SHARED:
                iam.create_role(
                    RoleName=f"trial-{name}", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
                )
        codecommit = aws.client("codecommit")
        made = codecommit.create_repository(repositoryName="polled")["repositoryMetadata"]
        codecommit.close()
        self.remote = str(made["cloneUrlHttp"])
        self.asked = self.remote.replace(aws.url, calls.url)
        self.workshop = Workshop(folder / "workshop")
        self.pipelines = folder / "project" / "include" / "pipelines"

    def put(self, text: str) -> str:
        """Write the object; its version."""
        return str(self.s3.put_object(Bucket=BUCKET, Key=KEY, Body=text.encode())["VersionId"])

    def push(self, commit: str) -> str:
        """Let the branch lead to a commit; that commit."""
        self.workshop.git("push", "--quiet", "--force", self.remote, f"{commit}:refs/heads/main")
        return commit

    def define(self, made: dict[str, Any]) -> None:
        (self.pipelines / f"{made['name']}.json").write_text(json.dumps(made))


@pytest.fixture(scope="module")
def world(
    embedded_aws: EmbeddedAws, trial: Trial, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("polling")
    with CountedCalls(embedded_aws.url) as calls:
        _project(folder / "project")
        made = World(embedded_aws, calls, folder)
        made.put("first")
        made.push(made.workshop.commit("One", app_txt="1"))
        source = {"S3Bucket": BUCKET, "S3ObjectKey": KEY}
        for name in SHARED:
            made.define(pipeline(name, "S3", source, role=f"trial-{name}"))
        made.define(pipeline(GIT, "Git", {"RepositoryUrl": made.asked, "BranchName": "main"}))
        yield made
        made.s3.close()


def _project(folder: Path) -> None:
    shutil.copytree(ROOT / "dags", folder / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "plugins").mkdir()
    for entry in (ROOT / "plugins").iterdir():
        (folder / "plugins" / entry.name).symlink_to(entry)
    (folder / "plugins" / "puppet_plugin.py").write_text(puppet.PLUGIN)
    (folder / "include" / "pipelines").mkdir(parents=True)


@pytest.fixture(scope="module")
def airflow(world: World, embedded_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("polling-airflow")
    (folder / "puppets").mkdir()
    environment = {
        "AWS_ENDPOINT_URL_S3": world.calls.url,
        "PYTHONPATH": str(ROOT / "tests"),
        puppet.FOLDER: str(folder / "puppets"),
        "AIRFLOW__CODEPIPELINE__POLL_SECONDS": str(SECONDS),
    }
    with database_of_tests() as database, ExitStack() as stack:
        server = AirflowServer(
            home=folder / "home",
            project=world.pipelines.parents[1],
            port=free_port(),
            environment=embedded_aws.environment | database | environment | FAST,
        )
        stack.callback(server.stop)
        server.start()
        airflow = Airflow(server, world.pipelines)
        stack.callback(airflow.close)
        airflow.wait_until_known(POLLER, *SHARED, GIT)
        wait_until(lambda: {OBJECT, f"{world.asked} main"} <= seen(airflow).keys(), lambda: seen(airflow))
        yield airflow


@pytest.fixture(scope="module")
def codepipeline(airflow: Airflow) -> Iterator[Any]:
    with contextlib.closing(airflow.codepipeline()) as client:
        yield client


def seen(airflow: Airflow) -> dict[str, dict[str, Any]]:
    """What polling keeps, by the sources' names."""
    found = airflow.call("GET", "/variables?variable_key_pattern=codepipeline.polled.%25")["variables"]
    kept = [json.loads(variable["value"]) for variable in found]
    return {entry["source"]: entry for entry in kept}


def runs(airflow: Airflow, pipeline: str) -> list[Run]:
    """The executions of a pipeline, the oldest first."""
    found = airflow.call("GET", f"/dags/{pipeline}/dagRuns?order_by=run_after")["dag_runs"]
    return [Run(airflow, pipeline, run["dag_run_id"]) for run in found]


def took(run: Run) -> str:
    """The revision that an execution took, when it has ended."""
    assert run.wait_until_ended() == "success", run.states()
    return str(run.xcom("Source.Take")["externalExecutionId"])


def wait_for_runs(airflow: Airflow, pipeline: str, number: int) -> list[Run]:
    wait_until(
        lambda: len(runs(airflow, pipeline)) >= number, lambda: (runs(airflow, pipeline), seen(airflow))
    )
    return runs(airflow, pipeline)


def looks(world: World, number: int) -> None:
    """Wait until the sources were looked at so many times more."""
    target = world.calls.heads + number
    wait_until(lambda: world.calls.heads >= target, lambda: world.calls.heads)


def polls(airflow: Airflow) -> list[dict[str, Any]]:
    """The runs of the poller, the newest first."""
    return list(airflow.call("GET", f"/dags/{POLLER}/dagRuns?order_by=-start_date")["dag_runs"])


def test_what_is_seen_first_starts_nothing_and_a_shared_source_costs_one_call_and_no_worker(
    airflow: Airflow, world: World
):
    looks(world, 1)
    began, heads, branches = time.monotonic(), world.calls.heads, world.calls.branches
    looks(world, 4)
    lasted = time.monotonic() - began
    asked, of_git = world.calls.heads - heads, world.calls.branches - branches

    assert abs(asked - of_git) <= 1
    assert asked <= lasted / SECONDS + 2
    assert [len(runs(airflow, name)) for name in (*SHARED, GIT)] == [0, 0, 0]
    [run] = polls(airflow)
    assert Run(airflow, POLLER, run["dag_run_id"]).states() == {"poll": "deferred"}
    pool = airflow.call("GET", "/pools/default_pool")
    assert (pool["occupied_slots"], pool["running_slots"], pool["queued_slots"]) == (0, 0, 0)


def test_a_new_version_starts_each_pipeline_that_takes_it_once_with_that_version(
    airflow: Airflow, world: World, codepipeline
):
    version = world.put("second")

    for name in SHARED:
        [run] = wait_for_runs(airflow, name, 1)
        assert took(run) == version
        [summary] = codepipeline.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
        assert summary["trigger"] == {"triggerType": "PollForSourceChanges", "triggerDetail": OBJECT}
        assert summary["sourceRevisions"][0]["revisionId"] == version
    looks(world, 2)
    assert [len(runs(airflow, name)) for name in (*SHARED, GIT)] == [1, 1, 0]
    assert seen(airflow)[OBJECT] == {"source": OBJECT, "revision": version, "number": 1}


def test_a_push_starts_an_execution_of_that_commit_and_a_commit_that_comes_back_another(
    airflow: Airflow, world: World
):
    first = world.workshop.git("rev-parse", "HEAD")
    second = world.push(world.workshop.commit("Two", app_txt="2"))
    wait_for_runs(airflow, GIT, 1)
    world.push(first)
    wait_for_runs(airflow, GIT, 2)

    assert [took(run) for run in runs(airflow, GIT)] == [second, first]


def test_what_changes_while_no_triggerer_lives_is_found_afterwards(airflow: Airflow, world: World):
    earlier = {name: len(runs(airflow, name)) for name in SHARED}
    looks(world, 1)
    airflow.server.kill_component("triggerer")
    version = world.put("third")
    airflow.server.start_component("triggerer")

    for name, number in earlier.items():
        assert took(wait_for_runs(airflow, name, number + 1)[number]) == version
    assert {name: len(runs(airflow, name)) - 1 for name in SHARED} == earlier


def test_a_source_that_cannot_be_read_is_told_of_once_and_the_others_go_on(airflow: Airflow, world: World):
    """The run that waits meanwhile sees the new definition, tells of it and fails; the next one goes on."""
    earlier = {name: len(runs(airflow, name)) for name in SHARED}
    nowhere = f"s3://not-there/{KEY}"
    world.define(pipeline("polled-nowhere", "S3", {"S3Bucket": "not-there", "S3ObjectKey": KEY}))

    def failed() -> list[dict[str, Any]]:
        return [run for run in polls(airflow) if run["state"] == "failed"]

    wait_until(lambda: bool(failed()), lambda: (polls(airflow), seen(airflow)))
    looks(world, 3)
    [run] = failed()
    log = Run(airflow, POLLER, run["dag_run_id"]).log("poll")
    assert f"{nowhere} cannot be read: There is no {nowhere}" in log
    assert seen(airflow)[nowhere]["problem"] == "RevisionUnavailable"

    version = world.put("fourth")
    for name, number in earlier.items():
        assert took(wait_for_runs(airflow, name, number + 1)[number]) == version
    assert len(failed()) == 1
