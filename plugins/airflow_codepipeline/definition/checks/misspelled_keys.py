"""Configuration keys are spelled as AWS spells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.configured import unknown_keys
from airflow_codepipeline.definition.findings import Kind, shown
from airflow_codepipeline.definition.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP304",
    severity="error",
    what="A configuration key is not known and looks like a misspelling of one that is.",
    right="The key's exact spelling.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find unknown keys that have a near name."""
    for path, configuration, known in survey.configured:
        for key in unknown_keys(configuration, known):
            near = nearest(key, known.configuration.keys() - configuration.keys())
            if near is not None:
                yield KIND.problem(
                    f"{known.provider} has no configuration key {shown(key)}.",
                    (*path, "configuration", key),
                    suggestion=f"Did you mean '{near}'?",
                )
