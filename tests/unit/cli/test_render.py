from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from airflow_codepipeline.cli.app import build

DEFINITION = Path(__file__).parents[2] / "data" / "definitions" / "pipelines" / "web-shop.json"


def render(*arguments):
    line = ["render", *map(str, arguments)]
    return CliRunner().invoke(build(line), line)


def test_the_tree_shows_stages_actions_order_and_artifacts():
    result = render(DEFINITION)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "web-shop (QUEUED, 0 6 * * MON-FRI)",
        "├─ Source",
        "│  ├─ enter",
        "│  ├─ 1. Code [Source/AWS/S3/1] -> SourceOutput",
        "│  ├─ 1. Image [Source/AWS/ECR/1] -> ImageOutput",
        "│  ├─ done",
        "│  └─ exit",
        "├─ Build",
        "│  ├─ enter",
        "│  ├─ 1. Build [Build/AWS/CodeBuild/1] <- SourceOutput, ImageOutput -> BuildOutput",
        "│  ├─ 2. Test [Compute/AWS/Commands/1] <- BuildOutput",
        "│  ├─ done",
        "│  └─ exit",
        "└─ Deploy",
        "   ├─ enter",
        "   ├─ beforeEntry [VariableCheck] -> SKIP",
        "   ├─ 1. Approve [Approval/AWS/Manual/1]",
        "   ├─ 2. Publish [Deploy/AWS/S3/1] <- BuildOutput",
        "   ├─ onFailure -> ROLLBACK",
        "   ├─ done",
        "   └─ exit",
    ]


def test_the_picture_has_the_edges_of_the_dag():
    lines = [line.strip() for line in render(DEFINITION, "--mermaid").stdout.splitlines()]

    assert lines[:2] == ["flowchart LR", 'subgraph s0["Source"]']
    assert "s0enter --> s0a0x0" in lines
    assert "s0enter --> s0a0x1" in lines
    assert "s0a0x1 --> s0done" in lines
    assert "s0done --> s1enter" in lines
    assert "s1a0x0 --> s1a1x0" in lines
    assert "s1a1x0 -.-> s1exit" in lines
    assert "s2enter --> s2beforeEntry" in lines
    assert "s2beforeEntry --> s2a0x0" in lines
    assert "s2beforeEntry -.-> s2done" in lines
    assert "s2a1x0 -.-> s2onFailure" in lines
    assert "s2onFailure -.-> s2exit" in lines
    assert sum(line == "end" for line in lines) == 3


def test_a_file_that_is_no_pipeline_exits_with_1_and_its_findings(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("stages: no\n")

    result = render(path)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "CP101" in result.stderr


def test_a_flawed_pipeline_is_shown_with_its_findings_beside(tmp_path):
    path = tmp_path / "other.json"
    path.write_text(DEFINITION.read_text())

    result = render(path)

    assert result.exit_code == 0
    assert "CP014" in result.stderr
    assert result.stdout.startswith("web-shop")


@pytest.mark.parametrize("path", ["/no/such/file.json", DEFINITION.parent])
def test_what_is_no_file_exits_with_2(path):
    assert render(path).exit_code == 2
