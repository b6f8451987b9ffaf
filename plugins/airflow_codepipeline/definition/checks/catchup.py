"""A pipeline that catches up says since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

KIND = Kind(
    id="CP225",
    severity="error",
    what="`airflow.catchup` is set without `airflow.start_date`: Airflow would never start the pipeline.",
    right="The day since which missed executions are run, such as `start_date: 2026-01-01`.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find a scheduled pipeline that is to catch up from nowhere."""
    extension = survey.pipeline.airflow
    if extension.schedule is not None and extension.catchup and extension.start_date is None:
        path: Path = ("airflow", "catchup")
        yield KIND.problem("The pipeline catches up since no day.", path, suggestion="Add start_date.")
