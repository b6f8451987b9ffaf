"""docs/importing.md: its example does what it shows, and it has a row for each finding."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from airflow_codepipeline.cli.app import build
from airflow_codepipeline.importing.kinds import KINDS

PAGE = (Path(__file__).parents[3] / "docs" / "importing.md").read_text()
FILE = re.compile(r"```yaml\n# (\S+)\n(.*?)```", re.DOTALL)
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)


def test_the_example_prints_and_writes_what_the_page_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CODEPIPELINE_ENVIRONMENT", raising=False)
    (source, text), (variables, values) = FILE.findall(PAGE)
    Path(source).write_text(text)

    for shown in CONSOLE.search(PAGE)[1].removeprefix("$ ").split("\n$ "):
        command, _, printed = shown.partition("\n")
        line = command.split()[1:]
        result = CliRunner().invoke(build(line), line)
        assert result.stdout.strip() == printed.strip()
        assert result.exit_code == 0
    assert Path(variables).read_text() == values
    assert 'roleArn: "{{ var.role_arn }}"' in Path("include/pipelines/shop-main.yaml").read_text()


def test_every_finding_has_its_row():
    for kind in KINDS:
        assert f"| {kind.id} | {kind.severity} | {kind.what} | {kind.right} |" in PAGE
    assert len({kind.id for kind in KINDS}) == len(KINDS)
