from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from airflow.sdk.execution_time import task_runner

if TYPE_CHECKING:
    from unit.serving.supervised import Supervisor


@pytest.fixture
def supervised(monkeypatch):
    """Makes a supervisor the one that tasks talk to."""

    def by(supervisor: Supervisor) -> Supervisor:
        monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor, raising=False)
        return supervisor

    return by
