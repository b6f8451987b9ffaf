"""A schedule is a cron expression or a preset."""

from __future__ import annotations

import re
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
    path: Path = ("airflow", "schedule")
    if isinstance(schedule, str):
        yield from _of_time(schedule, path, _PRESETS)
    elif schedule is not None and schedule.cron is not None:
        yield from _of_time(schedule.cron, (*path, "cron"), _PRESETS - NOT_CRON)


def _of_time(text: str, path: Path, presets: frozenset[str]) -> Iterator[Problem]:
    if text in presets or _is_cron(text.split()):
        return
    near = nearest(text, presets) if text.startswith("@") else None
    right = f"Did you mean {near}?" if near else KIND.right
    yield KIND.problem(f"{shown(text)} is no schedule.", path, suggestion=right)


def _is_cron(fields: list[str]) -> bool:
    ranges = zip(fields, _RANGES, strict=False)
    return len(fields) in (5, 6) and all(_is_field(field, least, most) for field, (least, most) in ranges)


def _is_field(field: str, least: int, most: int) -> bool:
    if not _FIELD.fullmatch(field):
        return False
    return all(least <= int(number) <= most for number in _NUMBER.findall(_STEPS.sub("", field)))
