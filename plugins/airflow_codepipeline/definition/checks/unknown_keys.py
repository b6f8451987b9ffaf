"""Configuration keys are known ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.configured import unknown_keys
from airflow_codepipeline.definition.findings import Kind, shown
from airflow_codepipeline.definition.suggest import listing, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP305",
    severity="warning",
    what="A configuration key is not known for the action type, and is ignored.",
    right="The keys of the action type's or rule type's reference.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find unknown keys without a near name."""
    for path, configuration, known in survey.configured:
        for key in unknown_keys(configuration, known):
            if nearest(key, known.configuration.keys() - configuration.keys()) is None:
                yield KIND.problem(
                    f"{known.provider} has no configuration key {shown(key)}; it is ignored.",
                    (*path, "configuration", key),
                    suggestion=f"Known: {listing(known.configuration)}." if known.configuration else "",
                )
