from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel
from typer.testing import CliRunner

from airflow_codepipeline.cli.app import build
from airflow_codepipeline.cli.mwaa import IMAGES, MARKER

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project as a user has it, with things that are not to be shipped."""
    monkeypatch.delenv("CODEPIPELINE_ENVIRONMENT", raising=False)
    folder = tmp_path / "project"
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("dags", "plugins"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    shutil.copytree(ROOT / "tests" / "data" / "definitions", folder / "include", ignore=ignore)
    shutil.copy(ROOT / "requirements.txt", folder)
    for name in ("embedded_aws", "samples"):
        (folder / "include" / name).mkdir()
        (folder / "include" / name / "code.py").touch()
    (folder / "include" / "variables" / "production.yaml").write_text("account: '111122223333'\n")
    (folder / "dags" / "__pycache__").mkdir()
    (folder / "dags" / "__pycache__" / "codepipelines.cpython-312.pyc").touch()
    return folder


@pytest.fixture
def package(project, monkeypatch):
    monkeypatch.chdir(project)

    def run(*arguments):
        line = ["package", "mwaa", *map(str, arguments)]
        return CliRunner().invoke(build(line), line)

    return run


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_dag_folder_holds_the_definitions_and_one_environments_values(package, tmp_path):
    result = package("--output", tmp_path / "out")

    assert result.exit_code == 0, result.output
    assert files(tmp_path / "out" / "dags") == [
        ".airflowignore",
        "codepipelines.py",
        "include/pipelines/nightly.yaml",
        "include/pipelines/web-shop.json",
        "include/variables/local.yaml",
    ]
    assert (tmp_path / "out" / "dags" / ".airflowignore").read_text() == "include/\n"


def test_the_plugins_lie_at_the_root_of_the_zip_with_the_ignore_file(package, tmp_path):
    package("--output", tmp_path / "out")

    names = zipfile.ZipFile(tmp_path / "out" / "plugins.zip").namelist()
    assert {".airflowignore", "codepipeline_plugin.py", "airflow_codepipeline/__init__.py"} <= set(names)
    assert "airflow_codepipeline/definition/action_types/deploy.json" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_same_project_gives_the_same_bytes(package, project, tmp_path):
    package("--output", tmp_path / "one")
    for path in (project / "plugins").rglob("*.py"):
        path.touch()
    package("--output", tmp_path / "two")

    assert files(tmp_path / "one") == files(tmp_path / "two")
    for name in files(tmp_path / "one"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_a_users_own_dags_plugins_and_ignored_names_are_shipped(package, project, tmp_path):
    (project / "dags" / "report.py").touch()
    (project / "dags" / ".airflowignore").write_text("drafts/\n")
    (project / "plugins" / "report_plugin.py").touch()

    package("--output", tmp_path / "out")

    assert (tmp_path / "out" / "dags" / "report.py").exists()
    assert (tmp_path / "out" / "dags" / ".airflowignore").read_text() == "drafts/\ninclude/\n"
    assert "report_plugin.py" in zipfile.ZipFile(tmp_path / "out" / "plugins.zip").namelist()


def test_another_environments_values_are_checked_and_shipped_and_chosen_at_start_up(
    package, project, tmp_path
):
    values = project / "include" / "variables"
    (values / "production.yaml").write_text((values / "local.yaml").read_text())

    result = package("--output", tmp_path / "out", "--environment", "production")

    assert result.exit_code == 0, result.output
    assert files(tmp_path / "out" / "dags" / "include" / "variables") == ["production.yaml"]
    assert "export CODEPIPELINE_ENVIRONMENT=production\n" in (tmp_path / "out" / "startup.sh").read_text()


def test_an_environment_without_values_is_named_with_those_that_have_some(package, tmp_path):
    result = package("--output", tmp_path / "out", "--environment", "prodution")

    assert result.exit_code == 2
    assert "local, production" in re.sub(r"[\s│]+", " ", result.output)


def test_an_unknown_version_is_refused_with_the_known_ones(package, tmp_path):
    result = package("--output", tmp_path / "out", "--airflow-version", "2.10.3")

    assert result.exit_code == 2
    assert "3.2.1, 3.3.1" in re.sub(r"[\s│]+", " ", result.output)


def test_a_broken_definition_stops_it_with_its_findings_and_writes_nothing(package, project, tmp_path):
    path = project / "include" / "pipelines" / "web-shop.json"
    path.write_text(path.read_text().replace('"name": "web-shop"', '"name": "shop"', 1))

    result = package("--output", tmp_path / "out")

    assert result.exit_code == 1
    assert "web-shop.json" in result.output
    assert "CP014" in result.output
    assert list(tmp_path.iterdir()) == [project]


def test_a_package_is_replaced_whole(package, project, tmp_path):
    package("--output", tmp_path / "out")
    (project / "include" / "pipelines" / "nightly.yaml").unlink()

    result = package("--output", tmp_path / "out")

    assert result.exit_code == 0, result.output
    assert "dags/include/pipelines/nightly.yaml" not in files(tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "project"]


def test_a_folder_of_somebody_else_is_left_alone(package, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")

    result = package("--output", tmp_path / "out")

    assert result.exit_code == 1
    assert MARKER in result.output
    assert files(tmp_path / "out") == ["thesis.txt"]


def test_a_folder_that_is_no_project_is_refused_with_what_it_lacks(package, tmp_path):
    result = package("--output", tmp_path / "out", "--project", tmp_path)

    assert result.exit_code == 1
    assert "has no dags, no plugins/airflow_codepipeline/__init__.py" in result.output


@pytest.mark.parametrize("version", IMAGES)
def test_the_requirements_ask_for_nothing_and_leave_the_images_constraints_in_force(
    package, tmp_path, version
):
    package("--output", tmp_path / "out", "--airflow-version", version)

    lines = (tmp_path / "out" / "requirements.txt").read_text().splitlines()
    assert all(line.startswith("#") for line in lines)
    # MWAA looks for this in comments too, and drops its own constraints where it finds it.
    assert not [line for line in lines if re.search(r"-c |--constraint ", line)]


def test_what_a_users_own_dags_need_is_asked_for_and_what_the_image_holds_is_not(package, project, tmp_path):
    (project / "requirements.txt").write_text(
        "# ours\nApache_Airflow.Providers-Amazon>=9.25\npandas==2.3\n\n"
    )

    package("--output", tmp_path / "out")

    lines = (tmp_path / "out" / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["pandas==2.3"]


def test_the_next_steps_name_options_that_aws_knows(package, tmp_path):
    package("--output", tmp_path / "out")

    text = (tmp_path / "out" / "README.txt").read_text()
    command = text[text.index("aws mwaa update-environment") : text.index("An environment that has")]
    model = ServiceModel(Loader().load_service_model("mwaa", "service-2"))
    members = model.operation_model("UpdateEnvironment").input_shape.members
    known = {"--" + xform_name(name, "-") for name in members}
    used = set(re.findall(r"--[\w-]+", command))
    assert used <= known
    assert {"--name", "--plugins-s3-path", "--startup-script-s3-object-version"} <= used


def test_the_pins_of_the_test_environment_are_the_images():
    image = IMAGES["3.3.1"]
    pins = dict(
        line.split("==")
        for line in (ROOT / "tests/mwaa/requirements.in").read_text().splitlines()
        if "==" in line
    )

    assert pins["apache-airflow"] == image.airflow
    assert pins["apache-airflow-providers-amazon[aiobotocore]"] == image.amazon
    assert pins["apache-airflow-providers-standard"] == image.standard
    assert pins["msgspec"] == image.msgspec
