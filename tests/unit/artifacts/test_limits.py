from __future__ import annotations

import pytest

from airflow_codepipeline.artifacts.limits import Limits, limits_from_environment
from airflow_codepipeline.errors import ArtifactError


def test_an_environment_that_says_nothing_leaves_the_defaults(monkeypatch):
    monkeypatch.delenv("CODEPIPELINE_MAX_ARTIFACT_BYTES", raising=False)
    assert limits_from_environment() == Limits()


def test_the_environment_replaces_a_limit(monkeypatch):
    monkeypatch.setenv("CODEPIPELINE_MAX_ARTIFACT_BYTES", "1024")
    assert limits_from_environment().packed_bytes == 1024


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "7GB"])
def test_a_limit_that_is_no_positive_whole_number_is_refused_by_name(monkeypatch, text):
    monkeypatch.setenv("CODEPIPELINE_MAX_ARTIFACT_FILES", text)
    with pytest.raises(ArtifactError, match="CODEPIPELINE_MAX_ARTIFACT_FILES"):
        limits_from_environment()
