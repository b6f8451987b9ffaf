"""Stages have names of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.base import repeated
from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

KIND = Kind(
    id="CP207",
    severity="error",
    what="Two stages have the same name.",
    right="A name of its own for each stage of a pipeline.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find stage names that came before."""
    names: list[tuple[str, Path]] = [
        (stage.name, ("stages", index, "name")) for index, stage in enumerate(survey.pipeline.stages)
    ]
    for name, path in repeated(names):
        yield KIND.problem(f"There is a stage {shown(name)} already.", path, suggestion=KIND.right)
