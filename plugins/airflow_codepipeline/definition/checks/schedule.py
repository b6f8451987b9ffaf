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
_ITEM = r"(\*|\?|[Ll]?[0-9]{1,2}|[A-Za-z]{1,3})(-([0-9]{1,2}|[A-Za-z]{3}))?(#[0-9]|#L)?(/[0-9]{1,2})?"
_FIELD = re.compile(rf"{_ITEM}(,{_ITEM})*")
_STEPS = re.compile(r"[/#]\w+")
_NUMBER = re.compile(r"\d+")
# Minute, hour, day of the month, month, day of the week, and Airflow's optional second.
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7), (0, 59))

KIND = Kind(
    id="CP223",
    severity="error",
    what="`airflow.schedule` is neither a cron expression nor a preset.",
    right="Five or six fields such as `0 6 * * MON-FRI`, or a preset such as @daily.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find a schedule that Airflow would not understand: it would fail where the DAG is built."""
    schedule = survey.pipeline.airflow.schedule
    if schedule is None or schedule in _PRESETS:
        return
    if not _is_cron(schedule.split()):
        path: Path = ("airflow", "schedule")
        yield KIND.problem(f"{shown(schedule)} is no schedule.", path, suggestion=KIND.right)


def _is_cron(fields: list[str]) -> bool:
    ranges = zip(fields, _RANGES, strict=False)
    return len(fields) in (5, 6) and all(_is_field(field, least, most) for field, (least, most) in ranges)


def _is_field(field: str, least: int, most: int) -> bool:
    if not _FIELD.fullmatch(field):
        return False
    return all(least <= int(number) <= most for number in _NUMBER.findall(_STEPS.sub("", field)))
