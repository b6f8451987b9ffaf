from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import airflow_codepipeline
from airflow_codepipeline.cli.app import COMMANDS, build

PACKAGE = Path(airflow_codepipeline.__file__).parents[1]


def test_help_lists_every_command_with_its_line():
    result = CliRunner().invoke(build(["--help"]), ["--help"])

    assert result.exit_code == 0
    for name in COMMANDS:
        assert name in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_exists(name):
    result = CliRunner().invoke(build([name, "--help"]), [name, "--help"])

    assert result.exit_code == 0


def test_help_imports_no_command():
    code = (
        "import sys; from airflow_codepipeline.cli.app import build; build(['--help'])\n"
        "print([name for name in sys.modules if name.startswith(('airflow.', 'boto', 'jinja2', 'yaml'))"
        " or name == 'airflow_codepipeline.cli.validate'])"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(PACKAGE)},
    )

    assert loaded.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "arguments",
    [["demo", "--port"], ["demo", "--aws-port"], ["aws", "up", "--port"]],
    ids=" ".join,
)
@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_what_is_no_port_is_refused(arguments, port):
    result = CliRunner().invoke(build(arguments), [*arguments, port])

    assert result.exit_code == 2
    assert "Invalid value for" in result.output


def test_what_cannot_be_done_is_said_without_a_traceback(tmp_path):
    """`run` where the package is installed and the project, with its embedded AWS, is not there."""
    definition = Path(__file__).parents[3] / "tests" / "data" / "trial" / "pipelines" / "trial.yaml"
    code = (
        "import sys; from airflow_codepipeline.cli import app, places\n"
        "places._MARK = places.Path('nowhere')\n"
        "app.main()"
    )

    ran = subprocess.run(
        [sys.executable, "-c", code, "run", definition],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(PACKAGE)},
    )

    assert ran.returncode == 1
    assert ran.stderr.startswith("There is no ")
    assert "Traceback" not in ran.stderr


def test_the_schema_is_printed():
    result = CliRunner().invoke(build(["schema"]), ["schema"])

    assert json.loads(result.stdout)["title"] == "AWS CodePipeline declaration"
