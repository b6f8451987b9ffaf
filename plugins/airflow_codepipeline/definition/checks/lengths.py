"""Lengths, counts and numbers keep to AWS's own limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.checks.limited import limited
from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem
    from airflow_codepipeline.definition.limits import Limit

KIND = Kind(
    id="CP221",
    severity="warning",
    what="A text, list or number is beyond a limit of AWS; it works here, and not on AWS.",
    right="A value within the limit that the message names.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find values beyond their limit, and items and keys beyond theirs."""
    for path, value, limit in limited(survey.pipeline):
        yield from _beyond(path, value, limit)
        if limit.item is not None:
            items = value.items() if isinstance(value, dict) else enumerate(value)
            for key, item in items:
                yield from _beyond((*path, key), item, limit.item)
        if limit.key is not None:
            for key in value:
                yield from _beyond((*path, key), key, limit.key)


def _beyond(path: Path, value: Any, limit: Limit) -> Iterator[Problem]:
    size = value if isinstance(value, int | float) else len(value)
    unit = _unit(value)
    if limit.most is not None and size > limit.most:
        yield KIND.problem(f"{size}{unit}; AWS takes at most {limit.most}.", path)
    if limit.least is not None and size < limit.least:
        yield KIND.problem(f"{size}{unit}; AWS takes at least {limit.least}.", path)


def _unit(value: Any) -> str:
    if isinstance(value, str):
        return " characters"
    return "" if isinstance(value, int | float) else " items"
