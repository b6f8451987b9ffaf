"""Every definition that the documentation shows can be used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from airflow_codepipeline.dag.factory import build_dag
from airflow_codepipeline.definition.reader import examine

ROOT = Path(__file__).parents[3]
EXAMPLES = [
    pytest.param(name, text, id=f"{page.stem}-{name}")
    for page in sorted((ROOT / "docs").glob("*.md"))
    for name, text in re.findall(r"```yaml\n# include/pipelines/(\S+)\n(.*?)```", page.read_text(), re.DOTALL)
]
VARIABLES = yaml.safe_load((ROOT / "include" / "variables" / "local.yaml").read_text())


@pytest.mark.parametrize(("name", "text"), EXAMPLES)
def test_an_example_is_without_errors_and_becomes_a_dag(name, text, tmp_path):
    path = tmp_path / name
    path.write_text(text)

    examined = examine(path, variables=VARIABLES)

    assert examined.errors == ()
    assert examined.pipeline is not None
    assert build_dag(examined.pipeline).dag_id == path.stem
