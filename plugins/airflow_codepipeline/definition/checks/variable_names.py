"""Pipeline variables have names of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.base import repeated
from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

KIND = Kind(
    id="CP504",
    severity="error",
    what="Two pipeline variables have the same name.",
    right="A name of its own for each variable.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find variables whose name came before."""
    names: list[tuple[str, Path]] = [
        (variable.name, ("variables", index, "name"))
        for index, variable in enumerate(survey.pipeline.variables)
    ]
    for name, path in repeated(names):
        yield KIND.problem(f"There is a variable {shown(name)} already.", path, suggestion=KIND.right)
