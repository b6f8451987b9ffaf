from __future__ import annotations

import os
import shutil
import time

import pytest
from airflow.dag_processing.bundles import base
from airflow.dag_processing.bundles.base import unpack_bundle_version

from airflow_codepipeline.dag import snapshot_bundle
from airflow_codepipeline.dag.snapshot_bundle import SnapshotDagBundle, SnapshotMissingError


@pytest.fixture(autouse=True)
def _storage(tmp_path, monkeypatch):
    monkeypatch.delenv("CODEPIPELINE_PIPELINES", raising=False)
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH", str(tmp_path / "storage"))


@pytest.fixture
def needed(monkeypatch):
    versions = set()
    monkeypatch.setattr(snapshot_bundle, "_unfinished_versions", lambda: versions)
    return versions


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    for name in ("dags", "include/pipelines"):
        (folder / name).mkdir(parents=True)
    (folder / "dags" / "codepipelines.py").write_text("load()")
    edit(folder, "before")
    return folder


def edit(project, text):
    (project / "include" / "pipelines" / "shop.yaml").write_text(text)


def bundle_of(project, version=None, **kwargs):
    made = SnapshotDagBundle(name="ours", path=str(project / "dags"), version=version, **kwargs)
    made.initialize()
    return made


def version_of(bundle):
    return unpack_bundle_version(bundle.get_current_version(), bundle)[0]


def definition(bundle):
    return (bundle.path.parent / "include" / "pipelines" / "shop.yaml").read_text()


def test_a_version_keeps_its_definitions_when_the_folder_changes(project):
    version = version_of(bundle_of(project))

    edit(project, "after")

    assert definition(bundle_of(project, version)) == "before"
    assert definition(bundle_of(project)) == "after"
    assert version_of(bundle_of(project)) != version


def test_what_is_parsed_changes_with_a_refresh_alone(project):
    bundle = bundle_of(project)
    version = version_of(bundle)

    edit(project, "after")
    before = definition(bundle), version_of(bundle)
    bundle.refresh()

    assert before == ("before", version)
    assert definition(bundle) == "after"
    assert version_of(bundle) != version


def test_the_folder_of_the_configuration_is_the_default(project, monkeypatch):
    monkeypatch.setattr(snapshot_bundle.settings, "DAGS_FOLDER", str(project / "dags"))

    assert SnapshotDagBundle(name="ours").path == project / "dags"


def test_it_looks_as_often_as_airflow_reads_a_file_again(project, monkeypatch):
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL", "7")

    assert bundle_of(project).refresh_interval == 7
    assert bundle_of(project, refresh_interval=60).refresh_interval == 60


def test_a_machine_without_the_snapshot_makes_it_where_its_own_folder_is_that_version(project, tmp_path):
    version = version_of(bundle_of(project))
    shutil.rmtree(tmp_path / "storage")

    assert definition(bundle_of(project, version)) == "before"


def test_a_machine_that_cannot_make_a_snapshot_says_so_and_what_to_do(project, tmp_path):
    version = version_of(bundle_of(project))
    shutil.rmtree(tmp_path / "storage")
    edit(project, "after")

    with pytest.raises(SnapshotMissingError) as refusal:
        bundle_of(project, version)

    assert f"Version {version} of the DAG bundle ours is not on this machine" in str(refusal.value)
    assert f"is version {version_of(bundle_of(project))} by now" in str(refusal.value)
    assert '{"snapshots": "<folder>"}' in str(refusal.value)


def test_machines_that_share_a_folder_of_snapshots_share_versions(project, tmp_path):
    version = version_of(bundle_of(project, snapshots=str(tmp_path / "shared")))
    edit(project, "after")
    shutil.rmtree(tmp_path / "storage", ignore_errors=True)

    assert definition(bundle_of(project, version, snapshots=str(tmp_path / "shared"))) == "before"


def test_airflows_own_cleanup_takes_no_snapshot_away(project, needed, monkeypatch):
    for name in ("AGE_THRESHOLD", "MIN_VERSIONS"):
        monkeypatch.setenv(f"AIRFLOW__DAG_PROCESSOR__STALE_BUNDLE_CLEANUP_{name}", "0")
    monkeypatch.setattr(
        base, "STALE_BUNDLE_TRACKING_FOLDER", base.get_bundle_storage_root_path() / "_tracking"
    )
    bundle = bundle_of(project)
    version = version_of(bundle)
    edit(project, "after")
    with base.BundleVersionLock("ours", version):
        bundle_of(project, version)

    base.BundleUsageTrackingManager()._remove_stale_bundle_versions_for_bundle("ours")

    assert not base.get_bundle_tracking_file("ours", version).exists()
    assert definition(bundle_of(project, version)) == "before"


def test_what_was_not_used_for_long_goes_unless_an_unfinished_execution_needs_it(project, needed):
    bundle = bundle_of(project, keep_days=1)
    first = version_of(bundle)
    edit(project, "second")
    bundle.refresh()
    second = version_of(bundle)
    needed.add(first)
    for version in (first, second):
        long_ago = time.time() - 2 * 86400
        os.utime(bundle.snapshots / version, (long_ago, long_ago))

    edit(project, "third")
    bundle.refresh()

    assert {path.name for path in bundle.snapshots.iterdir()} == {first, version_of(bundle)}


def test_what_was_used_lately_stays(project, needed):
    bundle = bundle_of(project, keep_days=1)
    first = version_of(bundle)
    edit(project, "second")
    bundle.refresh()

    assert definition(bundle_of(project, first)) == "before"
