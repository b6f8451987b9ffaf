"""Every use of an artifact as an input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.uses import rule_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path


def inputs(survey: Survey) -> Iterator[tuple[Path, str, tuple[int, int]]]:
    """Yield the path, the name and the reader's order of each input artifact of actions and rules."""
    for placed in survey.actions:
        for index, artifact in enumerate(placed.action.input_artifacts):
            yield (*placed.path, "inputArtifacts", index, "name"), artifact.name, placed.order
    for rule in survey.rules:
        for index, artifact in enumerate(rule.rule.input_artifacts):
            yield (*rule.path, "inputArtifacts", index, "name"), artifact.name, rule_order(rule)
