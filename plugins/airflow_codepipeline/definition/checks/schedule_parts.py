"""A schedule that is a mapping says one thing at a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown
from airflow_codepipeline.definition.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

_IMPORT_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")

KIND = Kind(
    id="CP226",
    severity="error",
    what="`airflow.schedule` is a mapping that says nothing, or two things that exclude each other.",
    right="`assets`, with at most one of `cron` and `timetable`; `arguments` belong to a `timetable`.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find schedules whose parts do not go together."""
    schedule, path = survey.pipeline.airflow.schedule, ("airflow", "schedule")
    if isinstance(schedule, Schedule):
        yield from _problems(schedule, path)


def _problems(schedule: Schedule, path: Path) -> Iterator[Problem]:
    if schedule.assets is None and schedule.cron is None and schedule.timetable is None:
        yield KIND.problem("The schedule is empty.", path, suggestion=KIND.right)
    if schedule.cron is not None and schedule.timetable is not None:
        message = "There is a cron expression and a timetable."
        yield KIND.problem(message, (*path, "timetable"), suggestion="Keep one of them.")
    if schedule.arguments and schedule.timetable is None:
        message = "There are arguments without a timetable."
        yield KIND.problem(message, (*path, "arguments"), suggestion="Add timetable, or remove them.")
    if schedule.timetable is not None and not _IMPORT_PATH.fullmatch(schedule.timetable):
        message = f"{shown(schedule.timetable)} is no import path of a timetable."
        right = "A module and a class in it, such as company.calendar.TradingDays."
        yield KIND.problem(message, (*path, "timetable"), suggestion=right)
