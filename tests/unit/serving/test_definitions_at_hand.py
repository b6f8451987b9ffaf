"""The definitions that a task which serves all pipelines has at hand."""

from __future__ import annotations

import shutil

from airflow_codepipeline.serving.definitions_at_hand import read_definitions
from unit.dag.kit import WEB_SHOP


def test_what_cannot_be_read_is_told_from_what_can(tmp_path):
    shutil.copy(WEB_SHOP, tmp_path)
    (tmp_path / "cart.yaml").write_text("name: [cart\n")

    found = read_definitions(tmp_path)

    assert list(found.pipelines) == ["web-shop"]
    assert found.unreadable == (tmp_path / "cart.yaml",)


def test_a_file_that_airflow_does_not_take_for_its_pipeline_is_not_looked_at(tmp_path):
    shutil.copy(WEB_SHOP, tmp_path / "web-shop.yaml")
    for suffix in ("json", "yml"):
        (tmp_path / f"web-shop.{suffix}").write_text("[")

    found = read_definitions(tmp_path)

    assert list(found.pipelines) == ["web-shop"]
    assert found.unreadable == ()
