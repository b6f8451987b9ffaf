"""A reference names a key that exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.action_types.catalogue import action_type
from airflow_codepipeline.definition.findings import Kind
from airflow_codepipeline.definition.references import PIPELINE_NAMESPACE, VARIABLES_NAMESPACE
from airflow_codepipeline.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP507",
    severity="error",
    what="A reference names a key that its namespace never has.",
    right="An output variable of the action type, or a declared pipeline variable.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find references to keys that can have no value."""
    for use in survey.uses:
        reference = use.reference
        known = _known_keys(survey, reference.namespace)
        if known is not None and reference.key not in known:
            yield KIND.problem(
                f"{reference}: '{reference.namespace}' has no key '{reference.key}'.",
                use.path,
                suggestion=did_you_mean(reference.key, known) or "It has none at all.",
            )


def _known_keys(survey: Survey, namespace: str) -> tuple[str, ...] | None:
    """Return the keys of a namespace, or none where they are only known at run time."""
    if namespace == PIPELINE_NAMESPACE:
        return ("PipelineExecutionId",)
    if namespace == VARIABLES_NAMESPACE:
        return tuple(variable.name for variable in survey.pipeline.variables)
    producer = survey.namespaces.get(namespace)
    if producer is None:
        return None
    if producer.action.action_type_id.provider == "Commands":
        return producer.action.output_variables
    known = action_type(producer.action.action_type_id)
    return known.variables if known is not None else None
