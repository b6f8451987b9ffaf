"""Source actions use no variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind
from airflow_codepipeline.definition.references import find_references

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP508",
    severity="error",
    what="A source action's configuration has a reference; AWS does not resolve it there.",
    right="A fixed value, or a Jinja2 variable.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find references in the configuration of source actions."""
    for placed in survey.actions:
        if not placed.is_source:
            continue
        for key, value in placed.action.configuration.items():
            for reference in find_references(value):
                yield KIND.problem(
                    f"{reference} stands in a source action.",
                    (*placed.path, "configuration", key),
                    suggestion=KIND.right,
                )
