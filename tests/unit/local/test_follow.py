"""A run's task states in CodePipeline's words."""

from __future__ import annotations

import pytest

from airflow_codepipeline.definition.model import Stage
from airflow_codepipeline.execution.status import StageExecutionStatus
from airflow_codepipeline.local.follow import status_of_stage

STAGE = Stage(name="Build", actions=())


@pytest.mark.parametrize(
    ("enter", "leave", "done", "status"),
    [
        (None, None, None, None),
        ("deferred", None, None, None),
        ("skipped", "skipped", "skipped", None),
        ("upstream_failed", "upstream_failed", "upstream_failed", None),
        ("success", None, None, StageExecutionStatus.IN_PROGRESS),
        ("success", "success", "success", StageExecutionStatus.SUCCEEDED),
        ("success", "success", "upstream_failed", StageExecutionStatus.FAILED),
        ("failed", "upstream_failed", "upstream_failed", StageExecutionStatus.FAILED),
    ],
)
def test_a_stage_stands_as_its_gate_and_its_end_say(enter, leave, done, status):
    states = {"Build.enter": enter, "Build.exit": leave, "Build.done": done}
    assert status_of_stage(STAGE, states) is status
