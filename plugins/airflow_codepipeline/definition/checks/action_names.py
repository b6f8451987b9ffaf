"""Actions of a stage have names of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.base import repeated
from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

KIND = Kind(
    id="CP208",
    severity="error",
    what="Two actions of a stage have the same name.",
    right="A name of its own for each action of a stage; other stages may use it again.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find action names that came before in their stage."""
    for index, stage in enumerate(survey.pipeline.stages):
        names: list[tuple[str, Path]] = [
            (action.name, ("stages", index, "actions", number, "name"))
            for number, action in enumerate(stage.actions)
        ]
        for name, path in repeated(names):
            message = f"The stage {shown(stage.name)} has an action {shown(name)} already."
            yield KIND.problem(message, path, suggestion=KIND.right)
