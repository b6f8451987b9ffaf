"""An artifact is written once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.base import repeated
from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

KIND = Kind(
    id="CP401",
    severity="error",
    what="Two output artifacts have the same name.",
    right="A name of its own for each output artifact of a pipeline.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find output artifacts whose name another action writes already."""
    names: list[tuple[str, Path]] = [
        (artifact.name, (*placed.path, "outputArtifacts", index, "name"))
        for placed in survey.actions
        for index, artifact in enumerate(placed.action.output_artifacts)
    ]
    for name, path in repeated(names):
        yield KIND.problem(f"The artifact {shown(name)} is written already.", path, suggestion=KIND.right)
