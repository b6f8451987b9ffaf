"""AWS wants two stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP202",
    severity="warning",
    what="The pipeline has one stage only; AWS takes no fewer than two.",
    right="A second stage, if the pipeline is to run on AWS too.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find a pipeline of one stage (user guide, "Pipeline declaration": at least two)."""
    if len(survey.pipeline.stages) == 1:
        yield KIND.problem(KIND.what, ("stages",), suggestion=KIND.right)
