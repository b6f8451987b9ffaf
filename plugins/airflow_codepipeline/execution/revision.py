"""Which revision a source takes: what is current now, what was current then, or what the start gave.

CodePipeline knows the first and the last. A backfill is Airflow's: each of its executions stands for a date.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

BACKFILL, SCHEDULED = "backfill", "scheduled"
SUMMARY_CHARACTERS = 2048
"""The longest summary (CodePipeline API, ExecutionSummary)."""
_REVISION_CHARACTERS = 40


def moment_of(run_type: str, *, catchup: bool, interval_end: datetime | None) -> datetime | None:
    """Return the instant whose current revisions an execution takes, or none: those of when it runs.

    A backfill takes what was current at the end of its data interval. So does a scheduled execution of a
    pipeline that catches up, because the scheduler may run it long after its date; without `catchup` it
    takes, as on AWS, what is current when it runs.

    :param run_type: of the DAG run.
    :param catchup: what the pipeline's definition says.
    """
    if run_type == BACKFILL or (run_type == SCHEDULED and catchup):
        return interval_end
    return None


def reason_of(moment: datetime | None, *, overridden: bool) -> str | None:
    """Return why a source took its revision; none where it is simply the current one.

    :param moment: what `moment_of` gave.
    :param overridden: whether the start said which revision to take.
    """
    if overridden:
        return "given at the start"
    return None if moment is None else f"current at {instant_text(moment)}"


def with_reason(summary: str | None, reason: str | None) -> str | None:
    """Return a source action's summary with the reason at its end, no longer than the API has them."""
    if reason is None:
        return summary
    addition = f"({reason})"
    room = SUMMARY_CHARACTERS - len(addition) - 1
    return f"{summary[:room]} {addition}" if summary else addition


def revision_note(revisions: Iterable[tuple[str, str, str | None]]) -> str:
    """Return the sentence that says which revisions an execution took, and why.

    :param revisions: of each source action its name, its revision and the reason of `reason_of`.
    """
    took = ", ".join(
        f"{action} {_short(revision)}" + (f" ({reason})" if reason else "")
        for action, revision, reason in revisions
    )
    return f"Took {took}."


def instant_text(moment: datetime) -> str:
    """Return an instant in UTC, with seconds only where it has any."""
    utc = moment.astimezone(UTC)
    precision = "seconds" if utc.second or utc.microsecond else "minutes"
    return utc.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def _short(revision: str) -> str:
    return revision if len(revision) <= _REVISION_CHARACTERS else f"{revision[:_REVISION_CHARACTERS]}…"
