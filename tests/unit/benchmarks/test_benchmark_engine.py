"""What is measured on a running Airflow is what the report says: the hops and the places to wait exist."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from airflow_codepipeline import build_dag, read_pipeline
from airflow_codepipeline.actions import registry

ROOT = Path(__file__).parents[3]
# The standard provider's sensors import what this Airflow calls by another name.
pytestmark = pytest.mark.filterwarnings("ignore:The `airflow.utils")


@pytest.fixture
def engine(monkeypatch):
    """The modules of `benchmarks.engine`, by their names."""
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setattr(registry, "PROVIDERS", dict(registry.PROVIDERS))
    return lambda name: importlib.import_module(f"benchmarks.engine.{name}")


@pytest.fixture
def tasks(engine, tmp_path):
    """The ids of the tasks of all DAGs, by the DAG's id."""
    engine("running")._write_project(tmp_path)
    exec((tmp_path / "plugins" / "instant_plugin.py").read_text(), {})
    ours = [build_dag(read_pipeline(path)) for path in tmp_path.glob("include/pipelines/*.json")]
    by_hand = vars(engine("by_hand"))
    theirs = [by_hand[name] for name in by_hand if name.startswith("by-hand-")]
    return {dag.dag_id: set(dag.task_dict) for dag in [*ours, *theirs]}


def test_every_action_whose_hops_are_measured_is_a_task(engine, tasks):
    for dag_id, acts in engine("hop").ACTS.items():
        assert set(acts) <= tasks[dag_id]


def test_the_places_to_wait_are_tasks(engine, tasks):
    for place in engine("waiting")._WAITING:
        dag_id, task = place.split("/")
        assert task in tasks[dag_id]
