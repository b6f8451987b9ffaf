"""The structure has no variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

KIND = Kind(
    id="CP509",
    severity="error",
    what="A reference stands in a field of the structure, such as roleArn or region.",
    right="References in configuration values, commands and environment variables only.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find references in roles, regions and namespaces; names cannot hold them by their pattern."""
    for path, value in _fields(survey):
        if value is not None and "#{" in value:
            yield KIND.problem(f"{shown(value)} is not resolved here.", path, suggestion=KIND.right)


def _fields(survey: Survey) -> Iterator[tuple[Path, str | None]]:
    yield ("roleArn",), survey.pipeline.role_arn
    for placed in survey.actions:
        yield (*placed.path, "roleArn"), placed.action.role_arn
        yield (*placed.path, "region"), placed.action.region
    for rule in survey.rules:
        yield (*rule.path, "roleArn"), rule.rule.role_arn
        yield (*rule.path, "region"), rule.rule.region
