"""Which definitions are read when Airflow's DAG processor asks for callbacks, in the processor's own code."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
import structlog
from airflow.callbacks.callback_requests import DagCallbackRequest, TaskCallbackRequest
from airflow.dag_processing import processor

from airflow_codepipeline.dag.own_dags import STOPPER
from unit.dag.kit import WEB_SHOP

DAG_FILE = Path(__file__).parents[3] / "dags" / "codepipelines.py"


@pytest.fixture
def pipelines(tmp_path, monkeypatch):
    for name in ("one", "two", "three"):
        text = WEB_SHOP.read_text().replace('"name": "web-shop"', f'"name": "{name}"')
        (tmp_path / f"{name}.json").write_text(text)
    monkeypatch.setenv("CODEPIPELINE_PIPELINES", str(tmp_path))
    return tmp_path


@pytest.fixture
def parsed_for(monkeypatch):
    """Let the processor parse the DAG file for some callbacks, and return the ids of the DAGs that it got."""
    bags = []
    monkeypatch.setattr(processor, "_execute_callbacks", lambda bag, requests, log: bags.append(bag))
    monkeypatch.setattr(processor, "_serialize_dags", lambda bag, log: (bags.append(bag), ([], {}))[1])

    def parse(*requests):
        message = processor.DagFileParseRequest(
            file=str(DAG_FILE),
            bundle_path=DAG_FILE.parent,
            bundle_name="dags-folder",
            callback_requests=list(requests),
        )
        processor._parse_file(message, structlog.get_logger())
        return bags.pop().dag_ids

    return parse


def of_task(dag_id):
    task = {
        "id": str(uuid.uuid4()),
        "dag_id": dag_id,
        "run_id": "one",
        "task_id": "Source.enter",
        "try_number": 1,
        "dag_version_id": str(uuid.uuid4()),
    }
    return TaskCallbackRequest(
        filepath=DAG_FILE.name,
        bundle_name="dags-folder",
        bundle_version=None,
        ti=task,
        task_callback_type="success",
    )


def of_dag(dag_id):
    return DagCallbackRequest(
        filepath=DAG_FILE.name, bundle_name="dags-folder", bundle_version=None, dag_id=dag_id, run_id="one"
    )


def test_a_parse_without_callbacks_reads_all(pipelines, parsed_for):
    assert sorted(parsed_for()) == [STOPPER, "one", "three", "two"]


def test_a_parse_for_callbacks_reads_the_definitions_of_their_pipelines_alone(pipelines, parsed_for):
    assert parsed_for(of_task("two")) == ["two"]
    assert sorted(parsed_for(of_task("two"), of_dag("one"), of_task("two"))) == ["one", "two"]


def test_a_parse_for_callbacks_of_a_pipeline_that_is_not_found_reads_all(pipelines, parsed_for):
    assert sorted(parsed_for(of_task("two"), of_task("gone"))) == ["one", "three", "two"]
