"""A hook has one condition, and a condition has rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.base import hooks
from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP705",
    severity="error",
    what="A hook has no condition or several, or a condition has no rule.",
    right="One condition of one to five rules.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find hooks without exactly one condition, and conditions without rules."""
    for index, stage in enumerate(survey.pipeline.stages):
        for key, hook in hooks(stage):
            count = len(hook.conditions)
            if count > 1 or (count == 0 and key != "onFailure"):
                path = ("stages", index, key, "conditions")
                yield KIND.problem(f"{key} has {count} conditions.", path, suggestion=KIND.right)
    for placed in survey.conditions:
        if not placed.condition.rules:
            yield KIND.problem("The condition has no rules.", placed.path, suggestion=KIND.right)
