"""Secrets are real, not the mask that get-pipeline prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP307",
    severity="warning",
    what="A secret is `****`: what `get-pipeline` prints in its place.",
    right="The secret itself, through a Jinja2 variable.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find masked secrets."""
    for path, configuration, known in survey.configured:
        for key in known.secret_keys:
            if configuration.get(key) == "****":
                message = f"'{key}' is masked: the declaration was printed by AWS."
                yield KIND.problem(message, (*path, "configuration", key), suggestion=KIND.right)
