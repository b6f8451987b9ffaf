from __future__ import annotations

import pytest

from airflow_codepipeline.aws.clients import CLIENTS


@pytest.fixture
def fresh_clients(monkeypatch):
    """Keys that sign whatever a test stubs, and no client of another test."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    CLIENTS.clear()
    yield
    CLIENTS.clear()
