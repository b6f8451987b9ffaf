"""A pipeline has stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP201",
    severity="error",
    what="The pipeline has no stage.",
    right="At least two stages: one of sources, one that does something.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find a pipeline without stages."""
    if not survey.pipeline.stages:
        yield KIND.problem(KIND.what, ("stages",), suggestion=KIND.right)
