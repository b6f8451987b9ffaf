"""A schedule's time zone exists."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from airflow_codepipeline.definition.findings import Kind, shown
from airflow_codepipeline.definition.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

KIND = Kind(
    id="CP227",
    severity="error",
    what="`airflow.timezone` is no time zone.",
    right="A name of the IANA time zone database, such as Europe/Berlin or UTC.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find a time zone that there is not: a pipeline would start at another time than was meant."""
    zone = survey.pipeline.airflow.timezone
    if zone is None or _exists(zone):
        return
    path: Path = ("airflow", "timezone")
    near = nearest(zone, available_timezones())
    right = f"Did you mean '{near}'?" if near else KIND.right
    yield KIND.problem(f"{shown(zone)} is no time zone.", path, suggestion=right)


def _exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
