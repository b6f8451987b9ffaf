"""A configuration names the action's own input artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown
from airflow_codepipeline.definition.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem
    from airflow_codepipeline.definition.model import Action

_NAMES = frozenset({"PrimarySource", "TaskDefinitionTemplateArtifact", "AppSpecTemplateArtifact"})
_FILES = frozenset({"TemplatePath", "TemplateConfiguration"})
_MODES_WITHOUT_FILES = frozenset({"CHANGE_SET_EXECUTE", "DELETE_ONLY"})

KIND = Kind(
    id="CP404",
    severity="error",
    what="A configuration value names an artifact that is not among the action's inputs.",
    right="The name of one of the action's `inputArtifacts`.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find PrimarySource, `Artifact::file` and the artifact keys of CodeDeployToECS that name no input.

    What is not read at all is left alone: a file in a mode that needs none, the choice of one input.
    """
    for placed in survey.actions:
        inputs = [artifact.name for artifact in placed.action.input_artifacts]
        for key, value in placed.action.configuration.items():
            name = _mentioned(key, value)
            if name is not None and name not in inputs and _is_read(key, placed.action):
                yield KIND.problem(
                    f"{shown(name)} is not an input artifact of the action.",
                    (*placed.path, "configuration", key),
                    suggestion=did_you_mean(name, inputs),
                )


def _is_read(key: str, action: Action) -> bool:
    if key in _FILES:
        return action.configuration.get("ActionMode") not in _MODES_WITHOUT_FILES
    return key != "PrimarySource" or len(action.input_artifacts) != 1


def _mentioned(key: str, value: str) -> str | None:
    if "#{" in value:
        return None
    if key in _NAMES or (key.startswith("Image") and key.endswith("ArtifactName")):
        return value
    if key in _FILES and "::" in value:
        return value.split("::", 1)[0]
    return None
