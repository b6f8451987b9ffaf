"""Configuration keys that depend on others are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem
    from airflow_codepipeline.definition.model import Action

KIND = Kind(
    id="CP308",
    severity="error",
    what="A configuration key is missing that the value of another, or the count of artifacts, requires.",
    right="The key, as the message says when it is required.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find the required companions that are missing, by provider."""
    for placed in survey.actions:
        type_id = placed.action.action_type_id
        needs = _NEEDS.get((type_id.category, type_id.provider)) if type_id.owner == "AWS" else None
        if needs is None:
            continue
        for key, reason in needs(placed.action):
            if key not in placed.action.configuration:
                yield KIND.problem(
                    f"{type_id.provider} needs the configuration key '{key}' {reason}.",
                    (*placed.path, "configuration"),
                )


def _cloudformation(action: Action) -> Iterator[tuple[str, str]]:
    mode = action.configuration.get("ActionMode", "")
    if mode in ("CREATE_UPDATE", "REPLACE_ON_FAILURE", "CHANGE_SET_REPLACE"):
        yield "TemplatePath", f"when ActionMode is {mode}"
    # The guide wants it for CHANGE_SET_REPLACE too; CodePipeline takes such actions without it.
    if mode in ("CREATE_UPDATE", "REPLACE_ON_FAILURE", "DELETE_ONLY"):
        yield "RoleArn", f"when ActionMode is {mode}"
    if mode in ("CHANGE_SET_REPLACE", "CHANGE_SET_EXECUTE"):
        yield "ChangeSetName", f"when ActionMode is {mode}"


def _codebuild(action: Action) -> Iterator[tuple[str, str]]:
    if len(action.input_artifacts) > 1:
        yield "PrimarySource", "when there are several input artifacts"


def _s3(action: Action) -> Iterator[tuple[str, str]]:
    if action.configuration.get("Extract") == "false":
        yield "ObjectKey", "when Extract is false"


def _step_functions(action: Action) -> Iterator[tuple[str, str]]:
    if action.configuration.get("InputType") == "FilePath":
        yield "Input", "when InputType is FilePath"


def _ec2(action: Action) -> Iterator[tuple[str, str]]:
    if "DeploySpec" not in action.configuration:
        yield "TargetDirectory", "without DeploySpec"
        yield "PostScript", "without DeploySpec"


def _eks(action: Action) -> Iterator[tuple[str, str]]:
    if "ManifestFiles" not in action.configuration:
        yield "HelmReleaseName", "without ManifestFiles"
        yield "HelmChartLocation", "without ManifestFiles"


def _lambda(action: Action) -> Iterator[tuple[str, str]]:
    if not action.input_artifacts:
        yield "PublishedTargetVersion", "without an input artifact"


_NEEDS: dict[tuple[str, str], Callable[[Action], Iterator[tuple[str, str]]]] = {
    ("Build", "CodeBuild"): _codebuild,
    ("Test", "CodeBuild"): _codebuild,
    ("Deploy", "CloudFormation"): _cloudformation,
    ("Deploy", "EC2"): _ec2,
    ("Deploy", "EKS"): _eks,
    ("Deploy", "Lambda"): _lambda,
    ("Deploy", "S3"): _s3,
    ("Invoke", "StepFunctions"): _step_functions,
}
