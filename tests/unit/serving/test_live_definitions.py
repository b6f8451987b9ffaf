"""A folder of definitions as something sees it that goes on for weeks."""

from __future__ import annotations

import os
import shutil

import pytest

from airflow_codepipeline.serving import live_definitions as module
from airflow_codepipeline.serving.live_definitions import LiveDefinitions
from unit.dag.kit import WEB_SHOP


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "include" / "pipelines"
    made.mkdir(parents=True)
    shutil.copy(WEB_SHOP, made)
    return made


@pytest.fixture
def live(folder):
    found = LiveDefinitions(folder)
    assert found.look()
    return found


def names(live):
    return sorted(pipeline.name for pipeline in live.pipelines)


def write(path, text, *, second):
    """Write a file that changed at another moment than it did before."""
    path.write_text(text)
    os.utime(path, (second, second))


def copy(folder, name, *, second=1):
    path = folder / f"{name}.json"
    write(path, WEB_SHOP.read_text().replace('"web-shop"', f'"{name}"'), second=second)
    return path


def test_what_has_not_changed_is_not_read_again(live, monkeypatch):
    monkeypatch.setattr(module, "read_pipeline", None)

    assert not live.look()
    assert names(live) == ["web-shop"]


def test_what_is_new_is_read_and_what_is_gone_is_gone(live, folder):
    path = copy(folder, "other")
    assert live.look()
    assert names(live) == ["other", "web-shop"]

    path.unlink()
    assert live.look()
    assert names(live) == ["web-shop"]


def test_only_what_has_changed_is_read_again(live, folder, monkeypatch):
    read = []
    original = module.read_pipeline
    monkeypatch.setattr(module, "read_pipeline", lambda path: (read.append(path.stem), original(path))[1])
    copy(folder, "other")
    live.look()
    copy(folder, "other", second=2)

    assert live.look()
    assert read == ["other", "other"]


def test_a_definition_that_breaks_counts_as_it_was_until_it_is_repaired(live, folder):
    path = copy(folder, "other")
    live.look()

    write(path, "{", second=2)
    assert live.look()
    assert names(live) == ["other", "web-shop"]


def test_values_of_the_environment_are_part_of_a_definition(live, folder):
    variables = folder.parent / "variables"
    variables.mkdir()
    (variables / "local.yaml").write_text("bucket: b")

    assert live.look()


def test_where_the_triggerer_has_no_such_folder_it_says_what_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="The triggerer has no folder"):
        LiveDefinitions(tmp_path / "nowhere").look()
