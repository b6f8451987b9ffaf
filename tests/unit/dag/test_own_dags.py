"""Which of our own DAGs a DAG file has."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from airflow_codepipeline.dag import factory
from airflow_codepipeline.dag.own_dags import REPORTER, STOPPER
from airflow_codepipeline.errors import ActionError
from airflow_codepipeline.serving.reporter import reporter_dag
from unit.dag.kit import WEB_SHOP

DAG_FILE = Path(__file__).parents[3] / "dags" / "codepipelines.py"


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    """Load a DAG file's definitions; the DAGs' ids."""
    monkeypatch.setenv("CODEPIPELINE_PIPELINES", str(tmp_path))

    def load(*, wanted=None, **extension):
        declaration = msgspec.json.decode(WEB_SHOP.read_bytes())
        declaration.get("pipeline", declaration)["airflow"] = extension
        (tmp_path / "web-shop.json").write_bytes(msgspec.json.encode(declaration))
        monkeypatch.setattr(factory, "wanted_dags", lambda: wanted)
        namespace = {"__file__": str(DAG_FILE)}
        factory.load_pipelines(namespace)
        return namespace.keys() - {"__file__"}

    return load


BUSES = "arn:aws:events:eu-west-1:123456789012:event-bus/"
NOTIFICATIONS = [
    {
        "target": "arn:aws:sns:eu-west-1:123456789012:releases",
        "events": ["codepipeline-pipeline-pipeline-execution-failed"],
    }
]


def test_nobody_is_told_where_nobody_is_named(loaded):
    assert loaded() == {"web-shop", STOPPER}


def test_an_event_bus_wants_the_reporter(loaded, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CODEPIPELINE__EVENT_BUS", "default")

    assert loaded() == {"web-shop", REPORTER, STOPPER}


@pytest.mark.parametrize("bus", ["default", "acme/releases", f"{BUSES}default", f"{BUSES}aws.partner/acme"])
def test_a_bus_is_named_by_its_name_or_arn(bus, tmp_path):
    assert reporter_dag(REPORTER, bus, tmp_path).dag_id == REPORTER


@pytest.mark.parametrize("bus", ["arn:aws:events", "arn:aws:sns:eu-west-1:123456789012:bus", "my bus", BUSES])
def test_what_names_no_event_bus_is_refused(bus, tmp_path):
    with pytest.raises(ActionError, match=f"event_bus is {bus!r}. It must be the name of an event bus"):
        reporter_dag(REPORTER, bus, tmp_path)


def test_a_definition_that_names_a_target_wants_the_reporter(loaded):
    assert loaded(notifications=NOTIFICATIONS) == {"web-shop", REPORTER, STOPPER}


def test_a_task_of_the_reporter_that_starts_finds_it_without_any_definition(loaded):
    assert loaded(wanted=frozenset({REPORTER}), notifications=NOTIFICATIONS) == {REPORTER}


def test_a_task_of_a_pipeline_that_starts_builds_no_reporter(loaded):
    assert loaded(wanted=frozenset({"web-shop"}), notifications=NOTIFICATIONS) == {"web-shop"}


def test_the_stopper_that_starts_builds_nothing_else(loaded):
    assert loaded(wanted=frozenset({STOPPER})) == {STOPPER}
