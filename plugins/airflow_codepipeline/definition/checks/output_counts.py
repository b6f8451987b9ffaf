"""An action has as many output artifacts as its type takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.counts import outside
from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP310",
    severity="error",
    what="An action has too few or too many output artifacts.",
    right="A count between the least and the greatest of the action type.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find counts outside the action type's bounds."""
    return outside(survey, KIND, "output")
