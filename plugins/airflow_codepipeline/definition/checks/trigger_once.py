"""A source action has one trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.base import repeated
from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

KIND = Kind(
    id="CP602",
    severity="error",
    what="Two triggers are for the same source action.",
    right="One trigger with several filters.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find triggers whose source action has one already."""
    names: list[tuple[str, Path]] = [
        (trigger.git_configuration.source_action_name, ("triggers", index))
        for index, trigger in enumerate(survey.pipeline.triggers)
    ]
    for name, path in repeated(names):
        yield KIND.problem(f"{shown(name)} has a trigger already.", path, suggestion=KIND.right)
