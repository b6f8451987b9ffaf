"""A PARALLEL pipeline rolls nothing back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

KIND = Kind(
    id="CP702",
    severity="error",
    what="The execution mode is PARALLEL and a stage rolls back.",
    right="SUPERSEDED or QUEUED, or no ROLLBACK.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find ROLLBACK results in PARALLEL mode."""
    if survey.pipeline.execution_mode != "PARALLEL":
        return
    for index, stage in enumerate(survey.pipeline.stages):
        if stage.on_failure is not None and stage.on_failure.result == "ROLLBACK":
            path: Path = ("stages", index, "onFailure", "result")
            yield KIND.problem("ROLLBACK is not possible in PARALLEL mode.", path, suggestion=KIND.right)
    for placed in survey.conditions:
        if placed.condition.result == "ROLLBACK":
            path = (*placed.path, "result")
            yield KIND.problem("ROLLBACK is not possible in PARALLEL mode.", path, suggestion=KIND.right)
