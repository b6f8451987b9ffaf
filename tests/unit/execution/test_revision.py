"""Which moment's revision an execution takes, and how that is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from airflow_codepipeline.execution.revision import (
    SUMMARY_CHARACTERS,
    instant_text,
    moment_of,
    reason_of,
    revision_note,
    with_reason,
)

THEN = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("run_type", "catchup", "moment"),
    [
        ("backfill", False, THEN),
        ("backfill", True, THEN),
        ("scheduled", True, THEN),
        ("scheduled", False, None),
        ("manual", True, None),
        ("asset_triggered", True, None),
    ],
)
def test_what_stands_for_a_date_takes_what_was_current_then(run_type, catchup, moment):
    assert moment_of(run_type, catchup=catchup, interval_end=THEN) == moment


def test_the_reason_is_the_start_or_else_the_date():
    assert reason_of(THEN, overridden=True) == "given at the start"
    assert reason_of(None, overridden=True) == "given at the start"
    assert reason_of(THEN, overridden=False) == "current at 2026-01-02T00:00Z"
    assert reason_of(None, overridden=False) is None


def test_a_summary_says_the_reason_and_keeps_to_its_length():
    assert with_reason("Amazon S3 version id: 7", "current at X") == "Amazon S3 version id: 7 (current at X)"
    assert with_reason("as it is", None) == "as it is"
    assert with_reason(None, "given at the start") == "(given at the start)"
    long = with_reason("x" * SUMMARY_CHARACTERS, "given at the start")
    assert len(long) == SUMMARY_CHARACTERS
    assert long.endswith("x (given at the start)")


def test_an_instant_is_written_in_utc_with_seconds_only_where_it_has_some():
    east = timezone(timedelta(hours=2))
    assert instant_text(THEN.astimezone(east)) == "2026-01-02T00:00Z"
    assert instant_text(THEN + timedelta(seconds=5, microseconds=7)) == "2026-01-02T00:00:05Z"


def test_a_note_names_every_sources_revision_and_its_reason():
    took = [("Code", "abc", None), ("Image", f"sha256:{'0' * 64}", "current at 2026-01-02T00:00Z")]

    assert revision_note(took) == (f"Took Code abc, Image sha256:{'0' * 33}… (current at 2026-01-02T00:00Z).")
