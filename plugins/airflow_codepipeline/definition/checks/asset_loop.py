"""A pipeline does not start itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.assets import awaited, name_of, updated
from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP233",
    severity="warning",
    what="A stage updates an asset that the pipeline waits for: it starts itself again and again.",
    right="Another asset.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find assets that a pipeline both waits for and updates."""
    waits_for = {name_of(asset) for asset, _ in awaited(survey)}
    for asset, path in updated(survey):
        name = name_of(asset)
        if name in waits_for:
            yield KIND.problem(
                f"The pipeline waits for {shown(name)} too.", path, suggestion="Name another asset."
            )
