"""What the benchmarks compare is comparable: the definitions are valid and the loops build the same DAGs."""

from __future__ import annotations

import importlib
import runpy
import sys
from pathlib import Path

import pytest
import yaml

from airflow_codepipeline import build_dag, read_pipeline
from airflow_codepipeline.definition.reader import examine

ROOT = Path(__file__).parents[3]
NAMES = ["pipeline-0000", "pipeline-0001"]


@pytest.fixture
def definitions(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.definitions")


@pytest.fixture
def loop(monkeypatch):
    """Run one of the hand-written loops for two names and return the first DAG."""

    def run(program):
        monkeypatch.setattr(sys, "argv", [program, *NAMES])
        return runpy.run_path(str(ROOT / "benchmarks" / "programs" / f"{program}.py"))[NAMES[0]]

    return run


@pytest.fixture
def pipeline_dag(definitions, tmp_path):
    definitions.write_definitions(tmp_path / "pipelines", NAMES, ".json")
    return build_dag(read_pipeline(tmp_path / "pipelines" / f"{NAMES[0]}.json"))


def edges(dag):
    return {(task.task_id, below) for task in dag.tasks for below in task.downstream_task_ids}


@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_the_definitions_are_without_findings(definitions, tmp_path, suffix):
    definitions.write_definitions(tmp_path / "pipelines", NAMES, suffix)

    written = sorted((tmp_path / "pipelines").iterdir())

    assert [path.name for path in written] == [name + suffix for name in NAMES]
    assert [examine(path).findings for path in written] == [(), ()]


def test_the_loop_of_all_tasks_has_the_tasks_and_the_edges_of_a_pipeline(loop, pipeline_dag):
    by_hand = loop("loop_of_all_tasks")

    assert set(by_hand.task_ids) == set(pipeline_dag.task_ids)
    assert len(by_hand.task_ids) == 15
    assert edges(by_hand) == edges(pipeline_dag)


def test_the_loop_of_the_actions_has_the_actions_alone(loop, definitions):
    actions = {f"{stage}.{action}" for stage, names in definitions.ACTIONS.items() for action in names}

    assert set(loop("loop_of_actions").task_ids) == actions


def test_the_configuration_of_dag_factory_has_the_actions_alone_or_all_tasks(definitions, tmp_path):
    def tasks_by_group(*, all_tasks):
        file = tmp_path / "dag-factory.yaml"
        definitions.write_dag_factory(file, NAMES, all_tasks=all_tasks)
        written = yaml.safe_load(file.read_text())
        assert list(written) == NAMES
        return [(task["task_group_name"], task["task_id"]) for task in written[NAMES[1]]["tasks"]]

    actions = [(stage, name) for stage, names in definitions.ACTIONS.items() for name in names]

    assert tasks_by_group(all_tasks=False) == actions
    assert len(set(tasks_by_group(all_tasks=True)) - set(actions)) == 9


@pytest.mark.parametrize("name", ["loop", "full loop", "json", "yaml"])
def test_a_program_builds_one_dag_for_each_definition(definitions, tmp_path, name):
    workshop = importlib.import_module("benchmarks.workshop").Workshop(folder=tmp_path, count=3)
    workshop.prepare()

    ran = importlib.import_module("benchmarks.clock").run(workshop.whole_parses()[name])

    assert ran.output == "3 DAGs"
