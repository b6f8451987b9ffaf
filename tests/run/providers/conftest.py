from __future__ import annotations

import pytest

from airflow_codepipeline.aws.clients import CLIENTS
from fixtures.world import World


@pytest.fixture
def world(embedded_aws, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL": embedded_aws.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    CLIENTS.clear()
    yield World()
    CLIENTS.clear()
