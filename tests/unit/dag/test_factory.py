from __future__ import annotations

import shutil
from datetime import UTC, datetime

import msgspec
import pytest
from airflow.sdk.definitions._internal.types import is_arg_set
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import ParamValidationError

from airflow_codepipeline.dag.factory import build_dag, load_pipelines
from airflow_codepipeline.dag.own_dags import STOPPER
from airflow_codepipeline.definition.model import Variable
from unit.dag.kit import WEB_SHOP, web_shop


@pytest.fixture
def folder(tmp_path, monkeypatch):
    pipelines = tmp_path / "include" / "pipelines"
    pipelines.mkdir(parents=True)
    shutil.copy(WEB_SHOP, pipelines)
    (tmp_path / "dags").mkdir()
    return tmp_path


def load(folder):
    namespace = {"__file__": str(folder / "dags" / "codepipelines.py")}
    load_pipelines(namespace)
    return {key: value for key, value in namespace.items() if key != "__file__"}


def test_the_extension_becomes_the_dags_settings():
    dag = build_dag(web_shop())

    assert dag.dag_id == "web-shop"
    assert dag.schedule == "0 6 * * MON-FRI"
    assert dag.start_date == datetime(2026, 1, 1, tzinfo=UTC)
    assert dag.tags == {"codepipeline", "shop"}
    assert {task.owner for task in dag.tasks} == {"platform"}
    assert not dag.catchup


@pytest.mark.parametrize(
    ("schedule", "most"), [("@continuous", 1), ("@once", 50), ("@weekly", 50), ("0 6 * * MON-FRI", 50)]
)
def test_every_schedule_that_the_checks_let_pass_becomes_a_dags(schedule, most):
    pipeline = web_shop()
    extension = msgspec.structs.replace(pipeline.airflow, schedule=schedule)

    dag = build_dag(msgspec.structs.replace(pipeline, airflow=extension))

    assert dag.max_active_runs == most


def test_a_pipelines_variables_are_the_fields_of_the_trigger_form():
    dag = build_dag(web_shop())

    assert dag.params.dump() == {"Environment": "test"}
    assert dag.params.get_param("Environment").description == "Where it goes"


def test_a_variable_without_default_is_asked_for():
    unscheduled = msgspec.structs.replace(web_shop().airflow, schedule=None)
    pipeline = msgspec.structs.replace(web_shop(), variables=(Variable(name="Version"),), airflow=unscheduled)

    param = build_dag(pipeline).params.get_param("Version")

    assert not is_arg_set(param.value)


@pytest.mark.parametrize("value", ["", "x" * 1001, 5])
def test_a_value_that_codepipeline_refuses_is_refused_by_the_form(value):
    params = ParamsDict({"Environment": build_dag(web_shop()).params.get_param("Environment")})

    with pytest.raises(ParamValidationError):
        params["Environment"] = value


def test_a_pipeline_without_variables_has_no_form():
    assert not build_dag(msgspec.structs.replace(web_shop(), variables=())).params


def test_a_name_that_airflow_refuses_is_shown_as_it_is():
    dag = build_dag(msgspec.structs.replace(web_shop(), name="web@shop"))

    assert dag.dag_id == "web_x40_shop"
    assert dag.dag_display_name == "web@shop"


def test_definitions_beside_the_dag_folder_are_found(folder):
    assert set(load(folder)) == {"web-shop", STOPPER}


def test_definitions_within_the_dag_folder_are_found_as_on_mwaa(folder):
    (folder / "include").rename(folder / "dags" / "include")

    assert set(load(folder)) == {"web-shop", STOPPER}


def test_a_missing_folder_of_definitions_is_an_error_that_says_where_it_was_looked_for(folder):
    shutil.rmtree(folder / "include")

    with pytest.raises(FileNotFoundError, match=r"include/pipelines.*CODEPIPELINE_PIPELINES"):
        load(folder)
