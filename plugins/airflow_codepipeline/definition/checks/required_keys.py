"""A configuration has its required keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP303",
    severity="error",
    what="A required configuration key is missing.",
    right="The keys that the action type's or rule type's reference requires.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find configurations of actions and rules without a required key."""
    for path, configuration, known in survey.configured:
        for key in known.required_keys:
            if key not in configuration:
                message = f"{known.provider} needs the configuration key '{key}'."
                yield KIND.problem(message, (*path, "configuration"))
