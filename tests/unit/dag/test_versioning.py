from __future__ import annotations

import json

import pytest

from airflow_codepipeline.dag.snapshot import take
from airflow_codepipeline.dag.versioning import DagFilePlace

GIT = "dag.test_versioning.WithVersions"
LOCAL = "airflow.dag_processing.bundles.local.LocalDagBundle"


class WithVersions:
    supports_versioning = True


@pytest.fixture
def storage(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH", str(tmp_path / "storage"))
    monkeypatch.delenv("CODEPIPELINE_PIPELINES", raising=False)
    return tmp_path / "storage"


def configured(monkeypatch, **classes):
    bundles = [{"name": name, "classpath": path, "kwargs": {}} for name, path in classes.items()]
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps(bundles))


def dag_file(folder):
    folder.mkdir(parents=True)
    path = folder / "codepipelines.py"
    path.write_text("load()")
    return path


def test_a_folder_of_the_users_own_has_no_versions_and_its_file_is_watched(storage, tmp_path):
    path = dag_file(tmp_path / "dags")

    place = DagFilePlace.of(path)

    assert place == DagFilePlace(versioned=False, live=path)
    assert place.watched(cancels=False) == str(path)


def test_a_snapshot_has_versions_and_nothing_is_watched(storage, tmp_path):
    path = dag_file(tmp_path / "dags")
    copy = tmp_path / "snapshots" / take(path.parent, tmp_path / "snapshots") / "dags" / path.name

    place = DagFilePlace.of(copy)

    assert place.versioned
    assert place.watched(cancels=False) is None


def test_where_an_update_cancels_the_file_that_people_edit_is_watched(storage, tmp_path):
    path = dag_file(tmp_path / "dags")
    copy = tmp_path / "snapshots" / take(path.parent, tmp_path / "snapshots") / "dags" / path.name

    assert DagFilePlace.of(copy).watched(cancels=True) == str(path)


def test_a_bundle_that_airflow_keeps_has_versions_if_its_class_says_so(storage, monkeypatch):
    configured(monkeypatch, ours=GIT, plain=LOCAL)

    assert DagFilePlace.of(dag_file(storage / "ours" / "versions" / "1")).versioned
    assert not DagFilePlace.of(dag_file(storage / "plain")).versioned
    assert not DagFilePlace.of(dag_file(storage / "unknown")).versioned


def test_nothing_has_versions_where_airflow_is_told_to_run_the_latest_code(storage, monkeypatch):
    configured(monkeypatch, ours=GIT)
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DISABLE_BUNDLE_VERSIONING", "True")

    assert not DagFilePlace.of(dag_file(storage / "ours" / "versions" / "1")).versioned
