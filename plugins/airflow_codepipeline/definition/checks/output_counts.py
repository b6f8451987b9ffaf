"""An action has as many output artifacts as its type takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.action_types.catalogue import action_type
from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP310",
    severity="error",
    what="An action has too few or too many output artifacts.",
    right="A count between the least and the greatest of the action type.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find counts outside the action type's bounds."""
    for placed in survey.actions:
        known = action_type(placed.action.action_type_id)
        if known is None:
            continue
        count = len(placed.action.output_artifacts)
        least, most = known.outputs
        if not least <= count <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            yield KIND.problem(
                f"{shown(placed.action.name)} has {count} output artifacts; {known.provider} takes {wanted}.",
                (*placed.path, "outputArtifacts"),
            )
