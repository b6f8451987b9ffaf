"""A pipeline does something with its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP205",
    severity="warning",
    what="The pipeline has source actions only.",
    right="At least one action that is no source.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find a pipeline whose actions are all sources."""
    if survey.actions and all(placed.is_source for placed in survey.actions):
        yield KIND.problem(KIND.what, ("stages",), suggestion=KIND.right)
