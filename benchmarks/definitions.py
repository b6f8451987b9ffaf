"""The same 3 stages of 2 actions, as definitions of ours and as dag-factory's configuration."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BASH = "airflow.providers.standard.operators.bash.BashOperator"
EMPTY = "airflow.providers.standard.operators.empty.EmptyOperator"
ACTIONS = {"Source": ("Code", "Image"), "Build": ("Compile", "Test"), "Deploy": ("Stack", "Website")}
"""The actions of each stage; those of Deploy run one after the other, the others side by side."""


def pipeline_names(count: int) -> list[str]:
    """Return the names of the pipelines of a benchmark."""
    return [f"pipeline-{number:04}" for number in range(count)]


def declaration(name: str) -> dict[str, Any]:
    """Return a pipeline as `aws codepipeline get-pipeline` prints it, without its metadata."""
    return {
        "name": name,
        "roleArn": "arn:aws:iam::123456789012:role/codepipeline-service",
        "artifactStore": {"type": "S3", "location": "artifacts-eu-west-1"},
        "executionMode": "SUPERSEDED",
        "pipelineType": "V2",
        "stages": [
            {
                "name": "Source",
                "actions": [
                    _source("Code", "S3", S3Bucket="sources", S3ObjectKey=f"{name}.zip"),
                    _source("Image", "ECR", RepositoryName=name, ImageTag="latest"),
                ],
            },
            {
                "name": "Build",
                "actions": [
                    _build("Compile", reads="CodeOutput", ProjectName=f"{name}-compile"),
                    _build("Test", reads="ImageOutput", ProjectName=f"{name}-test"),
                ],
            },
            {"name": "Deploy", "actions": [_stack(name), _website(name)]},
        ],
    }


def write_definitions(folder: Path, names: Iterable[str], suffix: str) -> None:
    """Write a folder of definitions, one pipeline a file.

    :param suffix: `.json` or `.yaml`.
    """
    folder.mkdir(parents=True)
    for name in names:
        content = declaration(name)
        text = (
            json.dumps(content, indent=4) if suffix == ".json" else yaml.safe_dump(content, sort_keys=False)
        )
        (folder / f"{name}{suffix}").write_text(text)


def write_dag_factory(file: Path, names: Iterable[str]) -> None:
    """Write dag-factory's configuration of the same DAGs: the actions in task groups, nothing besides."""
    file.write_text(yaml.safe_dump({name: _dag_factory(name) for name in names}, sort_keys=False))


def _source(name: str, provider: str, **configuration: str) -> dict[str, Any]:
    return {
        "name": name,
        "actionTypeId": _type("Source", provider),
        "runOrder": 1,
        "configuration": configuration,
        "outputArtifacts": [{"name": f"{name}Output"}],
        "namespace": f"{name}Variables",
    }


def _build(name: str, *, reads: str, **configuration: str) -> dict[str, Any]:
    return {
        "name": name,
        "actionTypeId": _type("Build", "CodeBuild"),
        "runOrder": 1,
        "configuration": configuration,
        "inputArtifacts": [{"name": reads}],
        "outputArtifacts": [{"name": f"{name}Output"}],
    }


def _stack(name: str) -> dict[str, Any]:
    return {
        "name": "Stack",
        "actionTypeId": _type("Deploy", "CloudFormation"),
        "runOrder": 1,
        "configuration": {
            "ActionMode": "CREATE_UPDATE",
            "StackName": name,
            "RoleArn": "arn:aws:iam::123456789012:role/cloudformation",
            "TemplatePath": "CompileOutput::template.yaml",
            "ParameterOverrides": '{"Version": "#{CodeVariables.VersionId}"}',
        },
        "inputArtifacts": [{"name": "CompileOutput"}],
    }


def _website(name: str) -> dict[str, Any]:
    return {
        "name": "Website",
        "actionTypeId": _type("Deploy", "S3"),
        "runOrder": 2,
        "configuration": {"BucketName": f"{name}-website", "Extract": "true"},
        "inputArtifacts": [{"name": "CompileOutput"}],
    }


def _type(category: str, provider: str) -> dict[str, str]:
    return {"category": category, "owner": "AWS", "provider": provider, "version": "1"}


def _dag_factory(name: str) -> dict[str, Any]:
    tasks: list[dict[str, Any]] = []
    for stage, (first, second) in ACTIONS.items():
        after = {"dependencies": [first]} if stage == "Deploy" else {}
        tasks += [
            {"task_id": first, "operator": EMPTY, "task_group_name": stage},
            {
                "task_id": second,
                "operator": BASH,
                "bash_command": f"echo {name}",
                "task_group_name": stage,
                **after,
            },
        ]
    return {
        "schedule": None,
        "tags": ["benchmark"],
        "task_groups": [
            {"group_name": "Source"},
            {"group_name": "Build", "dependencies": ["Source"]},
            {"group_name": "Deploy", "dependencies": ["Build"]},
        ],
        "tasks": tasks,
    }
