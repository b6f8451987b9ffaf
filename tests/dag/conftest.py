from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("parse_program.py")


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """What Airflow made of a DAG file.

    :param dags: serialised, by id.
    :param opened: the files that were opened meanwhile.
    :param connections: the network addresses that were connected to.
    """

    dags: dict[str, Any]
    import_errors: dict[str, str]
    opened: list[str]
    connections: list[str]

    def opened_below(self, folder: Path) -> set[str]:
        """The names of the files of a folder that were opened."""
        return {Path(path).name for path in self.opened if Path(path).is_relative_to(folder)}


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project folder of a test: the real DAG file, other definitions."""

    folder: Path
    home: Path

    @property
    def pipelines(self) -> Path:
        return self.folder / "include" / "pipelines"

    def parse(self, **environment: str) -> Parsed:
        """Parse its DAG file as the DAG processor does, with no AWS and no database to speak to."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW", "AWS", "CODEP"))
        }
        settings = {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.folder / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            # As on an MWAA worker, where nothing else is configured.
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        arguments = [sys.executable, str(PROGRAM), str(self.folder / "dags" / "codepipelines.py")]
        done = subprocess.run(
            [*arguments, str(self.folder / "dags")],
            env=inherited | settings | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return Parsed(**json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture
def project(tmp_path):
    """Give a project with these folders of definitions in it."""

    def make(*includes: Path) -> Project:
        folder = tmp_path / "project"
        shutil.copytree(ROOT / "dags", folder / "dags", ignore=shutil.ignore_patterns("__pycache__"))
        values = {}
        for include in includes:
            shutil.copytree(include / "pipelines", folder / "include" / "pipelines", dirs_exist_ok=True)
            values |= yaml.safe_load((include / "variables" / "local.yaml").read_text())
        (folder / "include" / "variables").mkdir()
        (folder / "include" / "variables" / "local.yaml").write_text(yaml.safe_dump(values))
        return Project(folder=folder, home=tmp_path / "home")

    return make
