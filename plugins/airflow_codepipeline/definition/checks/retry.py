"""A retry configuration belongs to RETRY."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP706",
    severity="error",
    what="onFailure has a retryConfiguration and another result than RETRY.",
    right="`result: RETRY`, or no retryConfiguration.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find retry configurations that would never be used."""
    for index, stage in enumerate(survey.pipeline.stages):
        hook = stage.on_failure
        if hook is None or hook.retry_configuration is None:
            continue
        # The result may stand in the condition, as a stage's other results do.
        results = (hook.result, *(condition.result for condition in hook.conditions))
        if "RETRY" not in results:
            message = f"The result is {hook.result}, so the stage is never retried."
            path = ("stages", index, "onFailure", "retryConfiguration")
            yield KIND.problem(message, path, suggestion=KIND.right)
