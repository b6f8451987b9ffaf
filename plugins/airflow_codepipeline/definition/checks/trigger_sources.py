"""A trigger names a connection's source action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown
from airflow_codepipeline.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP601",
    severity="error",
    what="A trigger's sourceActionName is not a CodeStarSourceConnection action.",
    right="The name of a source action of provider CodeStarSourceConnection.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find triggers whose action does not exist or has no connection."""
    sources = [
        placed.action.name
        for placed in survey.actions
        if placed.action.action_type_id.provider == "CodeStarSourceConnection"
    ]
    for index, trigger in enumerate(survey.pipeline.triggers):
        name = trigger.git_configuration.source_action_name
        if name not in sources:
            yield KIND.problem(
                f"{shown(name)} is not a source action with a connection.",
                ("triggers", index, "gitConfiguration", "sourceActionName"),
                suggestion=did_you_mean(name, sources) or "The pipeline has none.",
            )
