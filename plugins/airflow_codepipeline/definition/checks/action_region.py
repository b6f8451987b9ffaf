"""Only AWS's own actions leave the pipeline's region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP213",
    severity="error",
    what="A source, third-party or custom action runs in another region than the pipeline.",
    right="No `region` at such an action.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find such actions. The pipeline's region is known by `airflow.region`, or by its only store."""
    stores = tuple(survey.pipeline.artifact_stores)
    home = survey.pipeline.airflow.region or (stores[0] if len(stores) == 1 else None)
    for placed in survey.actions:
        type_id, region = placed.action.action_type_id, placed.action.region
        bound = placed.is_source or type_id.owner != "AWS"
        if bound and region is not None and home is not None and region != home:
            yield KIND.problem(
                f"{type_id} cannot run in {shown(region)}: it runs in the pipeline's region {shown(home)}.",
                (*placed.path, "region"),
                suggestion="Remove the region.",
            )
