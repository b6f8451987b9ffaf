"""Numbers of executions and of tries are some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

KIND = Kind(
    id="CP234",
    severity="error",
    what="`airflow.max_active_runs` is less than 1, or an action's `retries` or `retry_delay` less than 0.",
    right="A number that lets the pipeline run; without the key there is a default.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find numbers with which Airflow would never start an execution, or an action."""
    most = survey.pipeline.airflow.max_active_runs
    numbers: list[tuple[float | None, int, Path]] = [(most, 1, ("airflow", "max_active_runs"))]
    for placed in survey.actions:
        extension, path = placed.action.airflow, (*placed.path, "airflow")
        numbers.append((extension.retries, 0, (*path, "retries")))
        numbers.append((extension.retry_delay, 0, (*path, "retry_delay")))
    for number, least, path in numbers:
        if number is not None and number < least:
            yield KIND.problem(f"It is {number}.", path, suggestion=f"The least is {least}.")
