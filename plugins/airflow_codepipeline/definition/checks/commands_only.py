"""What only Commands actions have stands at Commands actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP312",
    severity="warning",
    what="An action has a key that only Commands actions use; it is ignored.",
    right="These keys at Commands actions only; `environmentVariables` at EKS actions too.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find keys of Commands actions at other actions."""
    for placed in survey.actions:
        action, provider = placed.action, placed.action.action_type_id.provider
        if provider == "Commands":
            continue
        used = {
            "commands": action.commands,
            "outputVariables": action.output_variables,
            "environmentVariables": action.environment_variables if provider != "EKS" else (),
            "outputArtifacts": any(artifact.files for artifact in action.output_artifacts),
        }
        for key, value in used.items():
            if value:
                message = (
                    f"{provider} does not use '{key}'."
                    if key != "outputArtifacts"
                    else (f"{provider} does not use 'files' of its output artifacts.")
                )
                yield KIND.problem(message, (*placed.path, key))
