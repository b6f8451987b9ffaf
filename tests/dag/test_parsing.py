"""Every definition becomes a DAG in Airflow's own DAG processor, and nothing else happens."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.utils.file import might_contain_dag_via_default_heuristic

from airflow_codepipeline.dag.own_dags import STOPPER

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "tests" / "data" / "definitions", ROOT / "include")
NAMES = {path.stem for folder in FOLDERS for path in (folder / "pipelines").iterdir()} | {STOPPER}


@pytest.fixture
def all_definitions(project):
    return project(*FOLDERS)


def test_every_definition_becomes_a_dag_without_connection_and_without_aws(all_definitions):
    parsed = all_definitions.parse()

    assert parsed.import_errors == {}
    assert set(parsed.dags) == NAMES
    assert parsed.connections == []


def test_a_dag_is_serialised_the_same_under_every_hash_seed(all_definitions):
    first, *others = [all_definitions.parse(PYTHONHASHSEED=seed).dags for seed in ("0", "1", "4242")]

    assert set(first) == NAMES
    for other in others:
        assert other == first


def test_a_broken_definition_is_one_import_error_of_its_own_file_and_the_others_load(all_definitions):
    broken = all_definitions.pipelines / "nightly.yaml"
    broken.write_text(broken.read_text().replace("provider: Lambda", "provider: Lamda", 1))

    parsed = all_definitions.parse()

    assert set(parsed.dags) == NAMES - {"nightly"}
    [(file, error)] = parsed.import_errors.items()
    assert Path(file).name == "nightly.yaml"
    assert "Lamda" in error
    assert "nightly.yaml:" in error


def test_a_definition_that_is_no_yaml_is_an_import_error_too(all_definitions):
    (all_definitions.pipelines / "nightly.yaml").write_text("name: [nightly\n")

    parsed = all_definitions.parse()

    assert set(parsed.dags) == NAMES - {"nightly"}
    assert [Path(file).name for file in parsed.import_errors] == ["nightly.yaml"]


def test_a_definition_that_airflow_itself_refuses_is_an_import_error_of_its_own_file(all_definitions):
    """Airflow schedules no DAG whose form has a field without default."""
    path = all_definitions.pipelines / "web-shop.json"
    declared = '{"name": "Environment", "defaultValue": "test", '
    assert declared in path.read_text()
    path.write_text(path.read_text().replace(declared, '{"name": "Environment", ', 1))

    parsed = all_definitions.parse()

    assert set(parsed.dags) == NAMES - {"web-shop"}
    assert [Path(file).name for file in parsed.import_errors] == ["web-shop.json"]


def test_of_two_files_of_one_pipeline_one_is_an_import_error_and_the_other_loads(all_definitions):
    (all_definitions.pipelines / "nightly.yml").write_text("name: nightly\nstages: []\n")

    parsed = all_definitions.parse()

    assert set(parsed.dags) == NAMES
    [(file, error)] = parsed.import_errors.items()
    assert Path(file).name == "nightly.yml"
    assert "'nightly.yaml' declares the pipeline too" in error


TIMETABLE = """\
from airflow.timetables.base import DataInterval, Timetable


class Days(Timetable):
    def __init__(self, wrong=""):
        self.wrong = wrong

    def validate(self):
        if self.wrong:
            raise ValueError(self.wrong)

    def infer_manual_data_interval(self, *, run_after):
        return DataInterval.exact(run_after)

    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        return None
"""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [("{}", "'trading.Days' is not registered"), ("{wrong: no such exchange}", "no such exchange")],
    ids=["registered by no plugin", "not valid"],
)
def test_a_timetable_that_airflow_refuses_is_an_import_error_of_its_own_file(
    all_definitions, tmp_path, arguments, said
):
    (tmp_path / "trading.py").write_text(TIMETABLE)
    path = all_definitions.pipelines / "storefront.yaml"
    schedule = f"{{timetable: trading.Days, arguments: {arguments}}}"
    path.write_text(f"{path.read_text()}\nairflow: {{schedule: {schedule}}}\n")

    parsed = all_definitions.parse(PYTHONPATH=str(tmp_path))

    assert set(parsed.dags) == NAMES - {"storefront"}
    [(file, error)] = parsed.import_errors.items()
    assert Path(file).name == "storefront.yaml"
    assert said in error


def test_a_task_that_starts_reads_its_own_definition_alone(all_definitions):
    parsed = all_definitions.parse(_AIRFLOW_PARSING_CONTEXT_DAG_ID="nightly")

    assert set(parsed.dags) == {"nightly"}
    assert parsed.opened_below(all_definitions.pipelines) == {"nightly.yaml"}


def test_a_task_of_a_pipeline_whose_name_airflow_refuses_reads_its_own_definition(all_definitions):
    text = (all_definitions.pipelines / "nightly.yaml").read_text()
    renamed = all_definitions.pipelines / "nightly@home.yaml"
    renamed.write_text(text.replace("name: nightly", "name: nightly@home", 1))

    parsed = all_definitions.parse(_AIRFLOW_PARSING_CONTEXT_DAG_ID="nightly_x40_home")

    assert set(parsed.dags) == {"nightly_x40_home"}
    assert parsed.opened_below(all_definitions.pipelines) == {"nightly@home.yaml"}


def test_airflow_sees_that_the_file_holds_dags_before_it_reads_it():
    assert might_contain_dag_via_default_heuristic(str(ROOT / "dags" / "codepipelines.py"))
