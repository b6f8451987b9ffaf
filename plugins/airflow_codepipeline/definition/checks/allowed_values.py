"""Enumerated configuration values are allowed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown
from airflow_codepipeline.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP306",
    severity="error",
    what="A configuration value is none of those that its key allows.",
    right="One of the listed values, spelled exactly; variables are resolved at run time.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find values that their key does not allow."""
    for path, configuration, known in survey.configured:
        for key, value in configuration.items():
            allowed = known.configuration[key].values if key in known.configuration else None
            if allowed is not None and value not in allowed and "#{" not in value:
                yield KIND.problem(
                    f"{shown(value)} is not allowed for '{key}'.",
                    (*path, "configuration", key),
                    suggestion=did_you_mean(value, allowed),
                    allowed=tuple(allowed),
                )
