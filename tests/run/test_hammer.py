"""A short hammer: executions of every mode that are stopped, retried and whose Airflow is killed."""

from __future__ import annotations

import os

import pytest

from hammer.__main__ import Options, hammer
from hammer.database import is_there

pytestmark = [pytest.mark.slow, pytest.mark.needs_postgres]


@pytest.fixture(autouse=True)
def postgres() -> None:
    if is_there():
        return
    assert not os.environ.get("CI"), "CI needs a PostgreSQL server"
    pytest.skip("there is no PostgreSQL server")


def test_no_stage_has_two_occupants_and_no_execution_is_lost_whatever_is_stopped_retried_or_killed(tmp_path):
    options = Options(
        database="postgresql",
        executions=3,
        minutes=0,
        kills=15,
        operations=6,
        modes=("QUEUED", "SUPERSEDED", "PARALLEL"),
        longest=1.0,
        fails_one_in=10,
        seed=20261125,
        python=None,
        keep=None,
        patience=400,
    )

    verdict = hammer(options, tmp_path)

    assert verdict.violations == [], verdict.counts
    assert verdict.counts["jobs"] >= 9
    assert verdict.counts["gates tried again"] == 0
