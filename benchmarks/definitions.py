"""The same 3 stages of 2 actions, as definitions of ours and as dag-factory's configuration."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

BASH = "airflow.providers.standard.operators.bash.BashOperator"
EMPTY = "airflow.providers.standard.operators.empty.EmptyOperator"
SENSOR = "airflow.providers.standard.sensors.bash.BashSensor"
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


def write_dag_factory(file: Path, names: Iterable[str], *, all_tasks: bool) -> None:
    """Write dag-factory's configuration of the same DAGs, in one file: that is its quickest.

    :param all_tasks: whether the stages have the tasks beside their actions that ours have.
    """
    dags = {name: _dag_factory(name, all_tasks=all_tasks) for name in names}
    file.write_text(yaml.safe_dump(dags, sort_keys=False))


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


def _dag_factory(name: str, *, all_tasks: bool) -> dict[str, Any]:
    stages = [_dag_factory_stage(name, stage, all_tasks=all_tasks) for stage in ACTIONS]
    groups: list[dict[str, Any]] = [{"group_name": stage} for stage in ACTIONS]
    if not all_tasks:
        for before, group in pairwise(groups):
            group["dependencies"] = [before["group_name"]]
    return {
        "schedule": None,
        "tags": ["benchmark"],
        "task_groups": groups,
        "tasks": [task for tasks in stages for task in tasks],
    }


def _dag_factory_stage(name: str, stage: str, *, all_tasks: bool) -> list[dict[str, Any]]:
    first, second = ACTIONS[stage]
    one = _dag_factory_task(stage, first, EMPTY)
    two = _dag_factory_task(stage, second, BASH, bash_command=f"echo {name}")
    in_turn = stage == "Deploy"
    if not all_tasks:
        return [one, two | {"dependencies": [first]} if in_turn else two]
    # Its task ids are the file's, not the group's: no two stages may have a task of the same name.
    enter, leave, done = f"{stage}_enter", f"{stage}_exit", f"{stage}_done"
    before = list(ACTIONS)[list(ACTIONS).index(stage) - 1] if stage != "Source" else None
    return [
        _dag_factory_task(stage, enter, SENSOR, [f"{before}_done"] if before else [], bash_command="true"),
        one | {"dependencies": [enter], "retries": 10},
        two | {"dependencies": [enter, *([first] if in_turn else [])], "retries": 10},
        _dag_factory_task(
            stage, leave, EMPTY, [enter, first, second], trigger_rule="all_done_min_one_success"
        ),
        _dag_factory_task(stage, done, EMPTY, [enter, second] if in_turn else [enter, first, second]),
    ]


def _dag_factory_task(
    stage: str, task: str, operator: str, after: Sequence[str] = (), **arguments: str
) -> dict[str, Any]:
    edges = {"dependencies": list(after)} if after else {}
    return {"task_id": task, "operator": operator, "task_group_name": stage, **arguments, **edges}
