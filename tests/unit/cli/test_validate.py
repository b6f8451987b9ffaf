from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from airflow_codepipeline.cli.app import build

DEFINITIONS = Path(__file__).parents[2] / "data" / "definitions"


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("CODEPIPELINE_ENVIRONMENT", raising=False)
    shutil.copytree(DEFINITIONS, tmp_path / "include")
    return tmp_path / "include" / "pipelines"


@pytest.fixture
def broken(project):
    path = project / "web-shop.json"
    path.write_text(
        path.read_text().replace('"BuildOutput"}]\n          }\n', '"Built,100%"}]\n          }\n', 1)
    )
    return path


def validate(*arguments):
    line = ["validate", *map(str, arguments)]
    return CliRunner().invoke(build(line), line)


def test_a_clean_folder_exits_with_0(project):
    result = validate(project)

    assert result.exit_code == 0
    assert result.stdout == "2 files: 0 errors, 0 warnings.\n"


def test_of_a_project_only_the_pipelines_are_meant(project):
    for folder in (project.parent, project.parent.parent):
        assert validate(folder).stdout == "2 files: 0 errors, 0 warnings.\n"


def test_an_error_exits_with_1_and_says_where(broken):
    result = validate(broken)

    assert result.exit_code == 1
    first, *_, counts = result.stdout.splitlines()
    assert first.startswith(f"{broken}:49:41: error CP220 at stages[1].actions[1].inputArtifacts[0].name: ")
    assert counts == "1 file: 2 errors, 0 warnings."


def test_warnings_alone_exit_with_0(project):
    path = project / "web-shop.json"
    declared = json.loads((DEFINITIONS / "pipelines" / "web-shop.json").read_text())
    del declared["pipeline"]["roleArn"]
    path.write_text(json.dumps(declared))

    result = validate(path)

    assert result.exit_code == 0
    assert "warning CP211" in result.stdout


def test_json_is_for_programs(broken):
    result = validate(broken, "--format", "json")

    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["files"] == 1
    assert {finding["id"] for finding in report["findings"]} == {"CP220", "CP402"}
    assert set(report["findings"][0]) == {
        "id", "severity", "message", "file", "line", "column", "path", "suggestion",
    }  # fmt: skip


def test_github_gets_workflow_commands_with_escaped_values(broken):
    result = validate(broken, "--format", "github")

    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"::error file={broken},line=49,col=41,title=CP220::stages[1]")
    assert all("Built,100%25" in line for line in lines)


@pytest.mark.parametrize("arguments", [(), ("/no/such/file.json",), ("--format", "xml", "x.json")])
def test_a_wrong_command_line_exits_with_2(arguments):
    assert validate(*arguments).exit_code == 2


def test_a_folder_without_definitions_exits_with_2(tmp_path):
    result = validate(tmp_path)

    assert result.exit_code == 2
