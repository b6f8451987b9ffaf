"""Every `airflow: {approvers: …}` of a pipeline, looked up once for the checks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.extension import Approvers
    from airflow_codepipeline.definition.findings import Path


def placed_approvers(survey: Survey) -> Iterator[tuple[Approvers, Path]]:
    """Yield the pipeline's approvers and each action's, with the place."""
    if survey.pipeline.airflow.approvers is not None:
        yield survey.pipeline.airflow.approvers, ("airflow", "approvers")
    for placed in survey.actions:
        if placed.action.airflow.approvers is not None:
            yield placed.action.airflow.approvers, (*placed.path, "airflow", "approvers")
