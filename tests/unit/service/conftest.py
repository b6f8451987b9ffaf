"""A database with the pipeline `shop`: a source, a build of two actions, an approval, a deployment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from airflow_codepipeline.actions.base import ActionContext, AwsIdentity, Job
from airflow_codepipeline.actions.timeouts import timeout_of
from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.job_ledger import KEY, JobRecord
from airflow_codepipeline.dag.wire import to_json_value
from fixtures.airflow_database import database, empty_database

if TYPE_CHECKING:
    from airflow_codepipeline.definition.model import Pipeline
    from fixtures.airflow_database import AirflowDatabase, Execution

__all__ = ["database", "empty_database"]

ARTIFACT = {"name": "App", "bucket": "artifacts", "key": "shop/App/1.zip", "region": "eu-west-1"}
REVISION = {"revision_id": "a1b2c3", "revision_summary": "Fix it", "revision_url": "https://git.test/a1b2c3"}


def action(name: str, category: str = "Build", provider: str = "CodeBuild", **more: Any) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind} | more


def shop(**more: Any) -> dict[str, Any]:
    rule = {"name": "IsRelease", "ruleTypeId": {"provider": "VariableCheck", "version": "1"}}
    rule |= {"configuration": {"Variable": "#{variables.Kind}", "Value": "release", "Operator": "EQ"}}
    source = action("Take", "Source", "S3", outputArtifacts=[{"name": "App"}])
    build = [
        action("Compile", configuration={"ProjectName": "compile"}, inputArtifacts=[{"name": "App"}]),
        action("Check", runOrder=2, namespace="Checked"),
    ]
    return {
        "name": "shop",
        "roleArn": "arn:aws:iam::123456789012:role/shop",
        "pipelineType": "V2",
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "variables": [{"name": "Kind", "defaultValue": "release"}],
        "stages": [
            {"name": "Source", "actions": [source]},
            {"name": "Build", "actions": build},
            {
                "name": "Deploy",
                "actions": [action("Ok", "Approval", "Manual"), action("Out", "Deploy", "S3", runOrder=2)],
                "beforeEntry": {"conditions": [{"rules": [rule], "result": "FAIL"}]},
            },
        ],
    } | more


@pytest.fixture
def pipeline(database: AirflowDatabase) -> Pipeline:
    return database.add_pipeline(shop())


def took(execution: Execution, **revision: str) -> Execution:
    """Let the source stage pass, having taken a revision."""
    result = {"actionExecutionId": str(attempt_id(execution, "Source.Take"))}
    result |= {"summary": "Took it", "artifacts": [ARTIFACT | (revision or REVISION)]}
    return execution.pass_stage("Source").push("Source.Take", "return_value", result)


def attempt_id(execution: Execution, task_id: str, *, generation: int = 0, attempt: int = 1) -> str:
    return names.attempt_id(
        dag=execution.dag_id, run_id=execution.run_id, task=task_id, generation=generation, attempt=attempt
    )


def record(
    execution: Execution,
    pipeline: Pipeline,
    task_id: str,
    *,
    generation: int = 0,
    attempt: int = 1,
    **more: Any,
) -> dict[str, Any]:
    """What an action's task keeps of an attempt."""
    stage, action_name = names.parse_task_id(task_id)
    [declared] = [
        one
        for each in pipeline.stages
        if each.name == stage
        for one in each.actions
        if one.name == action_name
    ]
    identity = AwsIdentity(region="eu-west-1")
    context = ActionContext(
        pipeline=pipeline.name,
        pipeline_execution_id=execution.id,
        stage=stage,
        action=declared,
        action_execution_id=attempt_id(execution, task_id, generation=generation, attempt=attempt),
        identity=identity,
        store_identity=identity,
    )
    began = execution.began + timedelta(minutes=execution.minutes, seconds=attempt)
    deadline = began + timeout_of(declared)
    more = {"job": Job(external_execution_id=f"build:{attempt}")} | more
    kept = JobRecord(
        generation=generation, attempt=attempt, context=context, deadline=deadline.isoformat(), **more
    )
    return to_json_value(kept)


def keep(execution: Execution, pipeline: Pipeline, task_id: str, **more: Any) -> Execution:
    """Let an action's task have begun an attempt."""
    return execution.keep(task_id, KEY, record(execution, pipeline, task_id, **more))
