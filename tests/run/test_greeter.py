"""The second sample: what is pushed by git is built from a real clone and deployed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_codepipeline.definition.reader import examine
from airflow_codepipeline.local.git_sample import PIPELINE, REPOSITORY, provision_git_sample, push
from airflow_codepipeline.local.sample import client_of, read_variables
from fixtures.airflow_run import Run, wait_until

if TYPE_CHECKING:
    from fixtures.airflow_run import Airflow
    from fixtures.changing import ChangingSources
    from fixtures.embedded_aws import EmbeddedAws

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DEFINITION = ROOT / "include" / "pipelines" / "greeter.yaml"
FOLDER = ROOT / "include" / "samples" / "greeter"


def run(server: EmbeddedAws, home: Path, *arguments: str) -> tuple[int, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    settings = server.environment | {"CODEPIPELINE_LOCAL_DIR": str(home), "COLUMNS": "200"}
    program = Path(sys.executable).with_name("codepipeline")
    done = subprocess.run(
        [program, "run", str(DEFINITION), "--aws", "environment", *arguments],
        env=inherited | settings, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_its_definition_has_no_findings():
    assert [str(finding) for finding in examine(DEFINITION).findings] == []


def test_a_push_is_built_with_its_history_and_an_older_commit_can_be_deployed_again(
    embedded_aws: EmbeddedAws, tmp_path: Path
):
    variables = read_variables(ROOT)
    url = provision_git_sample(client_of(embedded_aws.environment), variables)
    assert provision_git_sample(client_of(embedded_aws.environment), variables) == url
    first = push(url, FOLDER, "Greet in three languages")

    def page() -> str:
        found = embedded_aws.client("s3").get_object(Bucket=variables["greeter_bucket"], Key="index.html")
        return found["Body"].read().decode()

    code, said = run(embedded_aws, tmp_path)
    assert code == 0, said
    assert "Guten Tag" in page()
    assert "Sample Greet in three languages</li>" in page()

    changed = tmp_path / "change"
    changed.mkdir()
    (changed / "greetings.txt").write_text("Hyvää päivää\n")
    push(url, changed, "Greet in Finnish")
    code, said = run(embedded_aws, tmp_path)
    assert code == 0, said
    assert "Hyvää päivää" in page()
    assert page().count("<li>") == 2

    code, said = run(embedded_aws, tmp_path, "--source", f"Greetings={first}")
    assert code == 0, said
    assert "Guten Tag" in page()
    assert page().count("<li>") == 1


def test_a_push_starts_it_in_airflow_and_what_was_pushed_is_deployed(
    airflow_server: Airflow, changing_sources: ChangingSources, embedded_aws: EmbeddedAws
):
    variables = read_variables(ROOT)
    url = provision_git_sample(client_of(embedded_aws.environment), variables)
    airflow_server.wait_until_known("codepipeline.dispatcher", PIPELINE)

    def executions() -> list[str]:
        found = airflow_server.call("GET", f"/dags/{PIPELINE}/dagRuns")["dag_runs"]
        return [run["dag_run_id"] for run in found]

    with changing_sources.watching(REPOSITORY):
        commit = push(url, FOLDER, "Greet whoever pushes")
        wait_until(lambda: bool(executions()), airflow_server.client.import_errors)

    [execution] = executions()
    run = Run(airflow_server, PIPELINE, execution)
    assert run.wait_until_ended() == "success"
    assert run.xcom("Source.Greetings")["variables"]["CommitId"] == commit
    page = changing_sources.s3.get_object(Bucket=variables["greeter_bucket"], Key="index.html")["Body"]
    assert "Greet whoever pushes" in page.read().decode()
