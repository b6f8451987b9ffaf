"""A pipeline of type V1 uses nothing of V2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.action_types.catalogue import action_type
from airflow_codepipeline.definition.checks.base import hooks
from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

KIND = Kind(
    id="CP701",
    severity="warning",
    what="The pipeline says it is V1 and uses what AWS takes in V2 pipelines only.",
    right="`pipelineType: V2`, or no `pipelineType`.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find the V2-only parts of a pipeline that is declared as V1."""
    if survey.pipeline.pipeline_type != "V1":
        return
    for path, feature in _features(survey):
        yield KIND.problem(f"{feature} needs a pipeline of type V2.", path, suggestion=KIND.right)


def _features(survey: Survey) -> Iterator[tuple[Path, str]]:
    pipeline = survey.pipeline
    if pipeline.execution_mode != "SUPERSEDED":
        yield ("executionMode",), f"The execution mode {pipeline.execution_mode}"
    if pipeline.variables:
        yield ("variables",), "A pipeline variable"
    if pipeline.triggers:
        yield ("triggers",), "A trigger"
    for index, stage in enumerate(pipeline.stages):
        for key, _ in hooks(stage):
            yield ("stages", index, key), f"'{key}'"
    for placed in survey.actions:
        known = action_type(placed.action.action_type_id)
        if known is not None and known.v2_only:
            yield (*placed.path, "actionTypeId"), f"The action type {placed.action.action_type_id}"
