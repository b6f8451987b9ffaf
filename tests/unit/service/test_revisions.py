"""What the note of an execution says of the revisions that it took."""

from __future__ import annotations

import pytest

from airflow_codepipeline.service.pipelines import find_pipeline
from airflow_codepipeline.service.revisions import revisions_taken
from airflow_codepipeline.service.snapshot import find_execution

OVERRIDE = {"actionName": "Take", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": "a1b2c3"}


def left(execution, reason=None):
    result = {"actionExecutionId": "0", "externalExecutionId": "a1b2c3"}
    return execution.push(
        "Source.Take", "return_value", result | ({"revisionReason": reason} if reason else {})
    )


def note(database, execution):
    with database.session() as session:
        found = find_execution(session, find_pipeline(session, "shop"), execution.id)
        return revisions_taken(session, found)


def test_a_backfill_says_what_it_took_and_why(database, pipeline):
    execution = database.start("shop", run_type="backfill", run_id="backfill__2026-01-02T00:00:00+00:00")
    left(execution, "current at 2026-01-02T00:00Z")

    assert note(database, execution) == "Took Take a1b2c3 (current at 2026-01-02T00:00Z)."


def test_an_override_is_said_to_have_been_given(database, pipeline):
    execution = database.start("shop", conf={"codepipeline.sourceRevisions": [OVERRIDE]})
    left(execution, "given at the start")

    assert note(database, execution) == "Took Take a1b2c3 (given at the start)."


@pytest.mark.parametrize("run_type", ["manual", "scheduled"])
def test_what_was_simply_current_is_not_worth_a_note(database, pipeline, run_type):
    run_id = None if run_type == "manual" else "scheduled__2026-01-02T00:00:00+00:00"

    assert note(database, left(database.start("shop", run_type=run_type, run_id=run_id))) is None


def test_a_backfill_whose_source_failed_has_taken_nothing(database, pipeline):
    execution = database.start("shop", run_type="backfill", run_id="backfill__2026-01-02T00:00:00+00:00")

    assert note(database, execution) is None
