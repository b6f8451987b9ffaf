"""An input artifact is written by some action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.inputs import inputs
from airflow_codepipeline.definition.findings import Kind, shown
from airflow_codepipeline.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP402",
    severity="error",
    what="No action writes an input artifact.",
    right="The name of an output artifact of an earlier action.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find inputs of actions and rules that nothing writes."""
    for path, name, _ in inputs(survey):
        if name not in survey.producers:
            yield KIND.problem(
                f"No action writes the artifact {shown(name)}.",
                path,
                suggestion=did_you_mean(name, survey.producers),
            )
