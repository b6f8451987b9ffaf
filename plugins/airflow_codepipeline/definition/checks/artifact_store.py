"""A pipeline says where its artifacts are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP210",
    severity="error",
    what="The pipeline has neither artifactStore nor artifactStores, or has both.",
    right="`artifactStore` for one region, or `artifactStores`, a map by region, for several.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find a pipeline with no store, or with both kinds."""
    pipeline = survey.pipeline
    if pipeline.artifact_store is None and not pipeline.artifact_stores:
        message = "The pipeline has neither 'artifactStore' nor 'artifactStores'."
        yield KIND.problem(message, suggestion='Add artifactStore: {"type": "S3", "location": "<bucket>"}.')
    elif pipeline.artifact_store is not None and pipeline.artifact_stores:
        message = "The pipeline has both 'artifactStore' and 'artifactStores'."
        yield KIND.problem(message, ("artifactStores",), suggestion="Keep one of them.")
