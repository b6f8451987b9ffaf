"""The package for MWAA, in an environment with the versions of MWAA's image, loaded as MWAA loads it.

It cannot show what only MWAA has: its auth manager, its Celery executor over SQS, its network.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from airflow_codepipeline.cli.app import build
from airflow_codepipeline.dag.own_dags import STOPPER
from airflow_codepipeline.local.airflow_server import AirflowServer
from airflow_codepipeline.local.sample import PIPELINE, Sample, client_of, read_variables
from fixtures.airflow_run import Airflow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.airflow_run import Run
    from fixtures.embedded_aws import EmbeddedAws

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
# MWAA sets it: every task is a new interpreter, which has imported nothing yet.
MWAA_SETTINGS = {"AIRFLOW__CORE__EXECUTE_TASKS_NEW_PYTHON_INTERPRETER": "True"}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment's home: the bucket's DAG folder, and plugins.zip unpacked to the plugins folder."""
    folder = tmp_path_factory.mktemp("mwaa")
    line = ["package", "mwaa", "--airflow-version", "3.3.1", "--project", str(ROOT)]
    packed = CliRunner().invoke(build(line), [*line, "--output", str(folder / "bucket")])
    assert packed.exit_code == 0, packed.output
    home = folder / "usr-local-airflow"
    home.mkdir()
    (folder / "bucket" / "dags").rename(home / "dags")
    with zipfile.ZipFile(folder / "bucket" / "plugins.zip") as plugins:
        plugins.extractall(home / "plugins")
    return home


@pytest.fixture
def ask(unpacked: Path, mwaa_python: Path, tmp_path: Path) -> Any:
    """Run one of the programs that load plugins or DAGs, in a fresh process of that environment."""

    def run(program: str, *arguments: str) -> Any:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW", "AWS", "CODEPIPELINE", "PYTHON"))
        }
        settings = {
            "AIRFLOW_HOME": str(tmp_path),
            "AIRFLOW__CORE__DAGS_FOLDER": str(unpacked / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(unpacked / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        }
        command = [str(mwaa_python), str(ROOT / "tests" / program), *arguments]
        done = subprocess.run(
            command, env=inherited | settings | MWAA_SETTINGS, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


def test_the_plugins_load_without_error_and_without_harm(ask: Any, unpacked: Path) -> None:
    report = ask("plugin/load_program.py")

    assert report["import_errors"] == {}
    assert report["strangers"] == {}
    assert [name for name, _ in report["plugins"]].count("codepipeline") == 1
    assert Path(report["package"]).is_relative_to(unpacked / "plugins")


def test_the_dag_processor_serialises_the_pipelines_without_error(ask: Any, unpacked: Path) -> None:
    report = ask("dag/parse_program.py", str(unpacked / "dags" / "codepipelines.py"), str(unpacked / "dags"))

    assert report["import_errors"] == {}
    definitions = {path.stem for path in (ROOT / "include" / "pipelines").iterdir()}
    assert set(report["dags"]) == definitions | {STOPPER}
    assert report["connections"] == []


@pytest.fixture(scope="module")
def sample_of_its_own(own_aws: EmbeddedAws) -> Sample:
    world = Sample(client_of(own_aws.environment), read_variables(ROOT))
    world.provision(ROOT / "include" / "samples")
    return world


@pytest.fixture(scope="module")
def own_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """An AWS of this module's own: the sample's names are taken in the shared one."""
    from fixtures.embedded_aws import EmbeddedAws

    server = EmbeddedAws(state_dir=tmp_path_factory.mktemp("mwaa-aws"))
    server.up()
    yield server
    server.down()


@pytest.fixture(scope="module")
def mwaa(
    unpacked: Path,
    mwaa_python: Path,
    own_aws: EmbeddedAws,
    sample_of_its_own: Sample,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Airflow]:
    """All of Airflow's processes, with the package."""
    server = AirflowServer(
        home=tmp_path_factory.mktemp("mwaa-home"),
        project=unpacked,
        port=_free_port(),
        environment=own_aws.environment | MWAA_SETTINGS,
        python=mwaa_python,
    )
    try:
        server.start()
        airflow = Airflow(server, unpacked / "dags" / "include" / "pipelines")
        airflow.wait_until_known(PIPELINE)
        yield airflow
        airflow.close()
    finally:
        server.stop()


@pytest.fixture(scope="module")
def run(mwaa: Airflow) -> Run:
    """A run of the sample, approved through the REST API, ended."""
    run = mwaa.start(PIPELINE)
    run.wait_for_question("Approve.Release")
    run.answer("Approve.Release", "Approve", "approved through the API")
    run.wait_until_ended()
    return run


def test_it_is_mwaas_airflow(mwaa: Airflow) -> None:
    assert mwaa.call("GET", "/version")["version"] == "3.3.1"


def test_the_sample_succeeds_and_is_deployed(run: Run, sample_of_its_own: Sample) -> None:
    assert run.state() == "success", run.states()
    built = run.xcom("Build.Package")["variables"]["VERSION"]
    delivered = sample_of_its_own.delivered()
    assert delivered.version == built
    assert "index.html" in delivered.pages


def test_the_approval_holds_who_answered_and_what(run: Run) -> None:
    approval = run.xcom("Approve.Release", "approval")

    assert approval["status"] == "Approved"
    assert approval["summary"] == "approved through the API"


def test_no_file_of_it_has_an_import_error(run: Run) -> None:
    assert run.airflow.client.import_errors() == {}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
