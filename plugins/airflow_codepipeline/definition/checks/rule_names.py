"""Rules of a condition have names of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.base import repeated
from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

KIND = Kind(
    id="CP708",
    severity="error",
    what="Two rules of a condition have the same name.",
    right="A name of its own for each rule of a condition.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find rule names that came before in their condition."""
    for placed in survey.conditions:
        names: list[tuple[str, Path]] = [
            (rule.name, (*placed.path, "rules", index, "name"))
            for index, rule in enumerate(placed.condition.rules)
        ]
        for name, path in repeated(names):
            yield KIND.problem(f"There is a rule {shown(name)} already.", path, suggestion=KIND.right)
