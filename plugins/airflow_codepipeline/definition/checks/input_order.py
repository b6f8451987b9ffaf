"""An input artifact is written earlier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.inputs import inputs
from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP403",
    severity="error",
    what="An input artifact is written by the action itself, beside it, or later.",
    right="An output of an earlier stage, or of a smaller runOrder in the same stage.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find inputs whose producer has not surely finished before."""
    for path, name, order in inputs(survey):
        producer = survey.producers.get(name)
        if producer is not None and producer.order >= order:
            yield KIND.problem(
                f"The artifact {shown(name)} is written by {shown(producer.action.name)} in stage "
                f"{shown(producer.stage.name)}, which does not run before.",
                path,
                suggestion=KIND.right,
            )
