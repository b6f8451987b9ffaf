"""The example of docs/definition.md does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from airflow_codepipeline.cli.app import build

PAGE = Path(__file__).parents[3] / "docs" / "definition.md"
FILE = re.compile(r"```yaml\n# (include/\S+)\n(.*?)```", re.DOTALL)
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)


def test_the_example_prints_what_the_page_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CODEPIPELINE_ENVIRONMENT", raising=False)
    for name, content in FILE.findall(PAGE.read_text()):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content)

    for shown in CONSOLE.search(PAGE.read_text())[1].removeprefix("$ ").split("\n$ "):
        command, _, printed = shown.partition("\n")
        line = command.split()[1:]
        result = CliRunner().invoke(build(line), line)
        assert result.stdout.strip() == printed.strip()
        assert result.exit_code == 0
