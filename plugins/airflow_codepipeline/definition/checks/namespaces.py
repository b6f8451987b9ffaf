"""Namespaces are unique."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.base import repeated
from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

KIND = Kind(
    id="CP501",
    severity="error",
    what="Two actions have the same namespace.",
    right="A namespace of its own for each action that has one.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find namespaces that another action has already."""
    names: list[tuple[str, Path]] = [
        (placed.action.namespace, (*placed.path, "namespace"))
        for placed in survey.actions
        if placed.action.namespace is not None
    ]
    for name, path in repeated(names):
        yield KIND.problem(f"The namespace {shown(name)} is taken already.", path, suggestion=KIND.right)
