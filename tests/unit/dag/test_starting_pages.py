"""The examples of docs/starting.md and docs/backfill.md do what the pages say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from airflow_codepipeline.dag.execution_values import ExecutionValues
from airflow_codepipeline.dag.factory import build_dag
from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.errors import VariableError
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.start import check_conf
from unit.dag.kit import Execution, web_shop

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
VARIABLES = yaml.safe_load((ROOT / "include" / "variables" / "local.yaml").read_text())
STARTING, BACKFILL = ((DOCS / f"{name}.md").read_text() for name in ("starting", "backfill"))


def pipeline_on(page: str, folder: Path):
    [text] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    path = folder / re.search(r"pipelines/(\S+)", text)[1]
    path.write_text(text)
    return read_pipeline(path, variables=VARIABLES)


def test_the_conf_that_is_shown_starts_the_pipeline_that_is_shown(tmp_path):
    [conf] = re.findall(r"--conf '(.*?)'", STARTING, re.DOTALL)

    start = check_conf(pipeline_on(STARTING, tmp_path), json.loads(conf))

    assert start.variables == {"Environment": "prod"}
    assert start.revisions[0].action_name == "Code"


def test_the_refusal_that_is_shown_is_the_one_that_comes(tmp_path):
    with pytest.raises(Refusal) as caught:
        check_conf(pipeline_on(STARTING, tmp_path), {"Environmnet": "prod"})

    assert f"`{caught.value.message}`" in STARTING


def test_the_reason_that_is_shown_is_the_one_that_is_given():
    execution = Execution(web_shop())
    execution.leave("Build.Build", variables={"TAG": "x"})
    declaration = execution.declaration("Deploy.Approve")

    with pytest.raises(VariableError) as caught:
        ExecutionValues(declaration.wiring, execution.context("Deploy.Approve")).resolved(declaration.action)

    assert f"`{caught.value}`" in STARTING


def test_the_pipeline_that_is_backfilled_has_its_schedule(tmp_path):
    pipeline = pipeline_on(BACKFILL, tmp_path)

    assert build_dag(pipeline).schedule == "@daily"
    assert pipeline.airflow.backfill.approvals == "skip"
