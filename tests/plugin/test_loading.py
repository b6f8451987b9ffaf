"""The plugin in Airflow's own plugin loaders: the core's and the Task SDK's."""

from __future__ import annotations

from pathlib import Path

import pytest

PIPELINES = Path(__file__).parents[2] / "include" / "pipelines"
OURS = "codepipeline"


def assert_clean(report):
    """One plugin of ours in each loader, nothing broken, the standard library untouched."""
    assert report["import_errors"] == {}
    assert report["strangers"] == {}
    for loader in ("plugins", "sdk_plugins"):
        assert [name for name, _ in report[loader]].count(OURS) == 1, report[loader]


def source_of(report, loader):
    return dict(report[loader])[OURS]


def test_where_the_package_is_installed_and_in_the_plugins_folder_it_registers_once(load_plugins):
    report = load_plugins()

    assert_clean(report)
    assert "airflow-codepipeline" in source_of(report, "plugins")


def test_where_it_lies_in_the_plugins_folder_alone_it_registers_once(
    load_plugins, plugins_copy, python_without_the_package
):
    report = load_plugins(plugins=plugins_copy, python=python_without_the_package)

    assert_clean(report)
    assert "codepipeline_plugin.py" in source_of(report, "plugins")
    assert Path(report["package"]).is_relative_to(plugins_copy)


def test_where_it_is_installed_alone_it_registers_once(load_plugins, tmp_path):
    (tmp_path / "empty").mkdir()

    report = load_plugins(plugins=tmp_path / "empty")

    assert_clean(report)


def test_without_the_ignore_file_airflow_executes_every_module_and_breaks(load_plugins, plugins_copy):
    (plugins_copy / ".airflowignore").unlink()

    report = load_plugins(plugins=plugins_copy)

    with pytest.raises(AssertionError):
        assert_clean(report)


def test_the_plugin_module_imports_nothing_else_of_the_package(run_program):
    code = (
        "import json, sys, airflow.plugins_manager; before = set(sys.modules)\n"
        "import airflow_codepipeline.plugin\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )

    assert run_program("-c", code) == ["airflow_codepipeline", "airflow_codepipeline.plugin"]


def test_building_every_sample_imports_no_aws_and_no_web_server_that_an_empty_dag_does_not(run_program):
    code = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "import airflow.sdk; airflow.sdk.DAG('empty', schedule=None); before = set(sys.modules)\n"
        "from airflow_codepipeline import build_dag, read_pipeline\n"
        f"for path in Path({str(PIPELINES)!r}).iterdir(): build_dag(read_pipeline(path))\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    heavy = ("boto", "aiobotocore", "fastapi", "starlette", "airflow.api_fastapi", "airflow.providers.amazon")

    imported = run_program("-c", code)

    assert "airflow_codepipeline.dag.factory" in imported
    assert [name for name in imported if name.startswith(heavy)] == []
