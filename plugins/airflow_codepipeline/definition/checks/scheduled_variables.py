"""A scheduled pipeline has a value for each of its variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

KIND = Kind(
    id="CP224",
    severity="error",
    what="A pipeline with `airflow.schedule` has a variable without default: nobody is there to give it one.",
    right="A `defaultValue` for each variable, or no schedule.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find variables of a scheduled pipeline that have no default: Airflow refuses such a DAG."""
    if survey.pipeline.airflow.schedule is None:
        return
    for index, variable in enumerate(survey.pipeline.variables):
        if variable.default_value is None:
            path: Path = ("variables", index)
            yield KIND.problem(
                f"The variable {variable.name} has no default.", path, suggestion="Add defaultValue."
            )
