"""docs/actions.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from airflow_codepipeline.actions.registry import PROVIDERS
from airflow_codepipeline.definition.reader import examine

DOCUMENT = (Path(__file__).parents[2] / "docs" / "actions.md").read_text()


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_every_provider_has_its_row(name):
    assert f"| {name} |" in DOCUMENT


def test_the_example_is_a_definition_without_findings(tmp_path):
    example = next(
        text for text in re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL) if "copy-site" in text
    )
    file = tmp_path / "copy-site.yaml"
    file.write_text(example)
    assert [str(finding) for finding in examine(file).findings if finding.severity == "error"] == []


def test_every_limit_that_is_documented_is_read():
    source = (Path(__file__).parents[2] / "plugins/airflow_codepipeline/artifacts/limits.py").read_text()
    documented = set(re.findall(r"CODEPIPELINE_MAX_ARTIFACT_\w+", DOCUMENT))
    assert documented == set(re.findall(r'"(CODEPIPELINE_MAX_ARTIFACT_\w+)"', source))
