"""When an execution may be told to stop."""

from __future__ import annotations

import pytest

from airflow_codepipeline.execution.records import Stop
from airflow_codepipeline.execution.status import PipelineExecutionStatus
from airflow_codepipeline.execution.stop import check_stop
from execution.refusals import refused

IN_PROGRESS, STOPPING = PipelineExecutionStatus.IN_PROGRESS, PipelineExecutionStatus.STOPPING
ENDED = sorted(set(PipelineExecutionStatus) - {IN_PROGRESS, STOPPING})


def told(*, abandon):
    return Stop(by="ada", at="2026-11-25T12:00:00+00:00", abandon=abandon)


@pytest.mark.parametrize("abandon", [False, True])
def test_an_execution_in_progress_may_be_stopped(abandon):
    check_stop("e-1", IN_PROGRESS, None, abandon=abandon)


def test_one_that_waits_for_its_actions_may_still_be_told_to_abandon_them():
    check_stop("e-1", STOPPING, told(abandon=False), abandon=True)


@pytest.mark.parametrize(("earlier", "abandon"), [(False, False), (True, False), (True, True)])
def test_the_same_is_not_asked_twice(earlier, abandon):
    with refused("DuplicatedStopRequestException", "e-1 is already stopping.* told to abandon"):
        check_stop("e-1", STOPPING, told(abandon=earlier), abandon=abandon)


@pytest.mark.parametrize("status", ENDED)
@pytest.mark.parametrize("abandon", [False, True])
def test_one_that_has_ended_cannot_be_stopped(status, abandon):
    with refused("PipelineExecutionNotStoppableException", f"e-1 cannot be stopped: it is {status}"):
        check_stop("e-1", status, None, abandon=abandon)
