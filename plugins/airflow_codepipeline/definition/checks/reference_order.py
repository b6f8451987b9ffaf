"""A reference is to an earlier action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP506",
    severity="error",
    what="A reference is to an action that has not surely finished before.",
    right="An action of an earlier stage, or of a smaller runOrder in the same stage.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find references whose producer does not run before."""
    for use in survey.uses:
        producer = survey.namespaces.get(use.reference.namespace)
        if producer is not None and producer.order >= use.order:
            yield KIND.problem(
                f"{use.reference} is emitted by {shown(producer.action.name)} in stage "
                f"{shown(producer.stage.name)}, which does not run before.",
                use.path,
                suggestion=KIND.right,
            )
