"""Reserved namespaces are left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind
from airflow_codepipeline.definition.references import RESERVED_NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP502",
    severity="error",
    what="An action has a namespace that CodePipeline reserves.",
    right="Any other name than `codepipeline` and `variables`.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find reserved namespaces."""
    for placed in survey.actions:
        namespace = placed.action.namespace
        if namespace in RESERVED_NAMESPACES:
            message = f"The namespace '{namespace}' is reserved."
            yield KIND.problem(message, (*placed.path, "namespace"), suggestion="Choose another name.")
