"""A schedule is a cron expression or a preset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown
from airflow_codepipeline.definition.schedules import NOT_CRON
from airflow_codepipeline.definition.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

_PRESETS = frozenset(
    {"@once", "@continuous", "@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly"}
)
_FIELDS = (5, 6)
"""Minute, hour, day of the month, month, day of the week, and Airflow's optional second."""

KIND = Kind(
    id="CP223",
    severity="error",
    what="`airflow.schedule` is neither a cron expression nor a preset.",
    right="Five or six fields such as `0 6 * * MON-FRI`, or a preset such as @daily.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find a schedule that Airflow would not understand: it would fail where the DAG is built."""
    schedule = survey.pipeline.airflow.schedule
    path: Path = ("airflow", "schedule")
    if isinstance(schedule, str):
        yield from _of_time(schedule, path, _PRESETS)
    elif schedule is not None and schedule.cron is not None:
        yield from _of_time(schedule.cron, (*path, "cron"), _PRESETS - NOT_CRON)


def _of_time(text: str, path: Path, presets: frozenset[str]) -> Iterator[Problem]:
    message = None if text in presets else _refused(text)
    if message is not None:
        near = nearest(text, presets) if text.startswith("@") else None
        yield KIND.problem(message, path, suggestion=f"Did you mean {near}?" if near else KIND.right)


def _refused(text: str) -> str | None:
    """Return why a cron expression is none, by the library that Airflow reads it with."""
    from croniter import CroniterBadDateError, croniter  # type: ignore[import-untyped]

    try:
        croniter(text).get_next()
    except CroniterBadDateError:
        return f"{shown(text)} names a day that never comes."
    # All that croniter raises of an expression is such.
    except ValueError:
        return f"{shown(text)} is no schedule."
    return None if len(text.split()) in _FIELDS else f"{shown(text)} is no schedule."
