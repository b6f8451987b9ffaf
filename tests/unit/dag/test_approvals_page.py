"""The example of docs/approvals.md says what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from airflow_codepipeline.dag.factory import build_dag
from airflow_codepipeline.definition.extension import Approvers
from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.execution.approval import Person, refusal

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "approvals.md"
VARIABLES = yaml.safe_load((ROOT / "include" / "variables" / "local.yaml").read_text())


def test_the_example_becomes_an_approval_that_refuses_in_the_words_of_the_page(tmp_path):
    text = PAGE.read_text()
    (example,) = re.findall(r"```yaml\n# include/pipelines/(\S+)\n(.*?)```", text, re.DOTALL)
    path = tmp_path / example[0]
    path.write_text(example[1])

    approvers = build_dag(read_pipeline(path, variables=VARIABLES)).task_dict["Release.Decide"].approvers

    assert approvers == Approvers(
        users=("ada", "grace"), roles=("release-manager",), required=2, exclude_starter=True
    )
    refused = refusal(approvers, Person("eve", "eve"), None)
    assert refused is not None
    assert f'{{"detail":"{refused.message}"}}' in text
