"""A reference names a namespace that exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind
from airflow_codepipeline.definition.references import RESERVED_NAMESPACES
from airflow_codepipeline.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP505",
    severity="error",
    what="A reference `#{namespace.key}` names a namespace that no action has.",
    right="The namespace of an earlier action, `variables`, or `codepipeline`.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find references to unknown namespaces."""
    known = {*survey.namespaces, *RESERVED_NAMESPACES}
    for use in survey.uses:
        if use.reference.namespace not in known:
            yield KIND.problem(
                f"{use.reference}: no action has the namespace '{use.reference.namespace}'.",
                use.path,
                suggestion=did_you_mean(use.reference.namespace, known),
            )
