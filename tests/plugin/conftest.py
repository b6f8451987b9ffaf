from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("load_program.py")


@pytest.fixture
def run_program(tmp_path):
    """Run a program in a fresh process of an Airflow whose plugins folder is `plugins`."""

    def run(*arguments: str, plugins: Path = ROOT / "plugins", python: Path = Path(sys.executable)):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        settings = {
            "AIRFLOW_HOME": str(tmp_path / "home"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(plugins),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        }
        done = subprocess.run(
            [python, *arguments], env=inherited | settings, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture
def load_plugins(run_program):
    """Load the plugins as Airflow's processes do; see load_program.py."""

    def load(**where: Path):
        return run_program(str(PROGRAM), **where)

    return load


@pytest.fixture
def plugins_copy(tmp_path):
    """A copy of the plugins folder, to be changed."""
    return shutil.copytree(
        ROOT / "plugins", tmp_path / "plugins", ignore=shutil.ignore_patterns("__pycache__")
    )


@pytest.fixture
def python_without_the_package(tmp_path):
    """A virtual environment that has all that this one has, except the package: as on MWAA."""
    folder = tmp_path / "venv"
    venv.create(folder, symlinks=True)
    target = next(folder.glob("lib/python*/site-packages"))
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if "airflow_codepipeline" not in path.name:
            (target / path.name).symlink_to(path)
    return folder / "bin" / "python"
