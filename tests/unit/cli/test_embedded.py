from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_codepipeline.cli import places
from airflow_codepipeline.cli.embedded import Endpoint, embedded_environment, running
from airflow_codepipeline.cli.places import NoProjectError

if TYPE_CHECKING:
    from pathlib import Path

ENDPOINT = Endpoint(url="http://127.0.0.1:4566", started=False, pid=1)


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_the_environment_names_the_endpoint_and_credentials() -> None:
    assert embedded_environment(ENDPOINT) == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def test_a_proxy_is_not_used_to_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy")
    monkeypatch.setenv("NO_PROXY", "intranet")
    assert embedded_environment(ENDPOINT)["NO_PROXY"] == "127.0.0.1,localhost,intranet"


def test_without_the_projects_folder_the_error_says_where_it_would_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CODEPIPELINE_LOCAL_DIR", raising=False)
    # As on MWAA: the plugin is installed somewhere that has no include/embedded_aws above it.
    monkeypatch.setattr(places, "__file__", str(tmp_path / "plugins" / "places.py"))
    with pytest.raises(NoProjectError, match="There is no include/embedded_aws here or above"):
        running()


def test_nothing_runs_where_nothing_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEPIPELINE_LOCAL_DIR", str(tmp_path))
    assert running() is None
