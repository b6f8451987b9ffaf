"""A stage has actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP206",
    severity="error",
    what="A stage has no action.",
    right="At least one action, or no such stage.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find stages without actions."""
    for index, stage in enumerate(survey.pipeline.stages):
        if not stage.actions:
            message = f"The stage {shown(stage.name)} has no action."
            yield KIND.problem(message, ("stages", index, "actions"), suggestion=KIND.right)
