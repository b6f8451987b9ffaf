"""When a stage may be rolled back, and to which execution."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_codepipeline.execution.rollback import Candidate, check_stage, check_target, latest_good
from airflow_codepipeline.execution.status import StageExecutionStatus
from execution.refusals import refused
from execution.shapes import SHAPES, pipeline_of

UNABLE = "UnableToRollbackStageException"
GOOD = Candidate(
    execution_id="e-1",
    run_id="r-1",
    status=StageExecutionStatus.SUCCEEDED,
    is_rollback=False,
    definition="now",
)
NOT_SUCCEEDED = (*sorted(set(StageExecutionStatus) - {StageExecutionStatus.SUCCEEDED}), None)


@pytest.mark.parametrize("mode", ["SUPERSEDED", "QUEUED"])
def test_a_stage_that_nobody_is_in_may_be_rolled_back(mode):
    check_stage(pipeline_of(SHAPES["plain"], mode), "Deploy", occupied=False)


def test_no_stage_is_rolled_back_in_parallel_mode():
    with refused(UNABLE, "Deploy cannot be rolled back: the pipeline's execution mode is PARALLEL"):
        check_stage(pipeline_of(SHAPES["plain"], "PARALLEL"), "Deploy", occupied=False)


def test_the_source_stage_is_not_rolled_back():
    with refused(UNABLE, "it is the source stage"):
        check_stage(pipeline_of(SHAPES["plain"], "QUEUED"), "Source", occupied=False)


def test_a_stage_that_an_execution_is_in_is_not_rolled_back():
    with refused(UNABLE, "an execution is in progress in it"):
        check_stage(pipeline_of(SHAPES["plain"], "QUEUED"), "Deploy", occupied=True)


def test_a_target_has_succeeded_in_the_stage_under_the_definition_of_now():
    check_target("Deploy", GOOD, definition="now")


@pytest.mark.parametrize("status", NOT_SUCCEEDED)
def test_one_that_has_not_succeeded_in_the_stage_is_no_target(status):
    with refused(UNABLE, "e-1 did not succeed in it"):
        check_target("Deploy", replace(GOOD, status=status), definition="now")


def test_a_rollback_is_no_target():
    with refused(UNABLE, "e-1 is a rollback itself"):
        check_target("Deploy", replace(GOOD, is_rollback=True), definition="now")


@pytest.mark.parametrize("definition", ["before", None])
def test_one_of_another_definition_is_no_target(definition):
    with refused("PipelineExecutionOutdatedException", "e-1 ran another version of the pipeline"):
        check_target("Deploy", replace(GOOD, definition=definition), definition="now")


def test_an_automatic_rollback_goes_to_the_last_good_execution():
    newest_first = [
        replace(GOOD, execution_id="failed itself"),
        replace(GOOD, execution_id="rollback", is_rollback=True),
        replace(GOOD, execution_id="outdated", definition="before"),
        *(replace(GOOD, execution_id=str(status), status=status) for status in NOT_SUCCEEDED),
        replace(GOOD, execution_id="last good"),
        replace(GOOD, execution_id="earlier"),
    ]

    found = latest_good(newest_first, definition="now", failed="failed itself")

    assert found is not None
    assert found.execution_id == "last good"


def test_where_nothing_was_good_there_is_nothing_to_roll_back_to():
    assert latest_good([], definition="now") is None
    assert latest_good([replace(GOOD, definition="before")], definition="now", failed="e-2") is None
