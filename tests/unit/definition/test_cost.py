"""What reading a definition may import: every parse of every DAG pays for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import airflow_codepipeline

DEFINITIONS = Path(__file__).parents[2] / "data" / "definitions" / "pipelines"
PACKAGE = Path(airflow_codepipeline.__file__).parents[1]
SHOW = "print(*sorted(name for name in sys.modules if name.split('.')[0] in watched or name in watched))"


def loaded_after(statements: str, *watched: str) -> list[str]:
    code = f"import sys, pathlib\nwatched = {watched}\n{statements}\n{SHOW}"
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(PACKAGE)},
    )
    return result.stdout.split()


READ = (
    "from airflow_codepipeline.definition.reader import read_pipeline\n"
    f"read_pipeline(pathlib.Path({str(DEFINITIONS)!r}) / {{name!r}}{{more}})"
)


@pytest.mark.parametrize("name", ["web-shop.json", "nightly.yaml"])
def test_neither_airflow_nor_aws_is_imported(name):
    assert loaded_after(READ.format(name=name, more=""), "airflow", "boto3", "botocore", "pydantic") == []


def test_json_needs_neither_yaml_nor_jinja2():
    assert loaded_after(READ.format(name="web-shop.json", more=""), "yaml", "jinja2") == []


def test_a_task_that_starts_does_not_import_the_checks():
    checks = "airflow_codepipeline.definition.checks.registry"

    assert loaded_after(READ.format(name="web-shop.json", more=", check=False"), checks) == []
    assert loaded_after(READ.format(name="web-shop.json", more=""), checks) == [checks]
