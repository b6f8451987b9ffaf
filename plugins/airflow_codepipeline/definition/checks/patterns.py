"""Names, roles and versions look as the API wants them."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.limited import limited
from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP220",
    severity="error",
    what="A name, role, bucket or version has characters or a form that the API refuses.",
    right="A text that matches the pattern of the API's shape; the message has it.",
)

_compiled = cache(re.compile)


def find(survey: Survey) -> Iterator[Problem]:
    """Find texts that do not match their pattern."""
    for path, value, limit in limited(survey.pipeline):
        if limit.pattern is not None and not _compiled(limit.pattern).fullmatch(value):
            suggestion = f"It must match {limit.pattern}."
            yield KIND.problem(f"{shown(value)} is not allowed here.", path, suggestion=suggestion)
