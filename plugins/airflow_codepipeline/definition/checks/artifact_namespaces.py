"""A namespace is not an artifact's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP503",
    severity="error",
    what="A namespace is the name of an artifact too.",
    right="A namespace that no artifact has.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find namespaces that are artifacts' names."""
    for placed in survey.actions:
        namespace = placed.action.namespace
        if namespace in survey.producers:
            message = f"{shown(namespace)} is the name of an artifact too."
            yield KIND.problem(message, (*placed.path, "namespace"), suggestion="Choose another name.")
