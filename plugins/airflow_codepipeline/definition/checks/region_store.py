"""Every region that is used has an artifact store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown
from airflow_codepipeline.definition.suggest import listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP212",
    severity="error",
    what="An action runs in a region that has no artifact store.",
    right="`artifactStores` with a store for the pipeline's region and for each action's region.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find regions without a store: not in `artifactStores`, or not the one of `artifactStore`."""
    pipeline = survey.pipeline
    stores = pipeline.artifact_stores
    home = pipeline.airflow.region
    if stores and home is not None and home not in stores:
        yield KIND.problem(
            f"The pipeline's region {shown(home)} has no store.", ("artifactStores",), suggestion=KIND.right
        )
    for placed in survey.actions:
        region = placed.action.region
        if region is None:
            continue
        if not stores:
            home = home or region
        if region not in (stores or {home}):
            yield KIND.problem(
                f"The region {shown(region)} has no artifact store.",
                (*placed.path, "region"),
                suggestion=f"Add it to 'artifactStores'. Stores: {listing(stores or {home or region})}.",
                allowed=tuple(stores or {home or region}),
            )
