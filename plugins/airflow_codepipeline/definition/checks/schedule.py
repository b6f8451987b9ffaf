"""A schedule is a cron expression or a preset."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

_PRESETS = frozenset(
    {"@once", "@continuous", "@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly"}
)
_FIELD = re.compile(r"[0-9A-Za-z*,/#?-]+")

KIND = Kind(
    id="CP223",
    severity="error",
    what="`airflow.schedule` is neither a cron expression nor a preset.",
    right="Five or six fields such as `0 6 * * MON-FRI`, or a preset such as @daily.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find a schedule that Airflow would not understand, or that a start date is missing for."""
    schedule = survey.pipeline.airflow.schedule
    if schedule is None or schedule in _PRESETS:
        return
    fields = schedule.split()
    if len(fields) not in (5, 6) or not all(_FIELD.fullmatch(field) for field in fields):
        path: Path = ("airflow", "schedule")
        yield KIND.problem(f"{shown(schedule)} is no schedule.", path, suggestion=KIND.right)
