"""GetPipelineExecution and ListPipelineExecutions.

Source: CodePipeline API reference, PipelineExecution and PipelineExecutionSummary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.execution import records
from airflow_codepipeline.execution.standing import stage_status
from airflow_codepipeline.execution.start import trigger_of
from airflow_codepipeline.execution.status import StageExecutionStatus
from airflow_codepipeline.service.action_execution import present
from airflow_codepipeline.service.evidence import read_evidence
from airflow_codepipeline.service.outcome import standing_of
from airflow_codepipeline.service.pages import LARGEST_PAGE, Cursor, cursor_of, list_key, runs_of
from airflow_codepipeline.service.pipelines import find_pipeline
from airflow_codepipeline.service.snapshot import find_execution, snapshots

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from airflow_codepipeline.artifacts.reference import ArtifactReference
    from airflow_codepipeline.definition.model import Pipeline
    from airflow_codepipeline.service.evidence import Evidence
    from airflow_codepipeline.service.pipelines import DeclaredPipeline
    from airflow_codepipeline.service.snapshot import ExecutionSnapshot


def get_pipeline_execution(
    session: Session,
    user_name: str,  # noqa: ARG001 - the same for every operation
    *,
    pipeline_name: str,
    pipeline_execution_id: str,
) -> dict[str, Any]:
    """Return one execution.

    :raises Refusal: there is none of that id.
    """
    execution = find_execution(session, find_pipeline(session, pipeline_name), pipeline_execution_id)
    versions = read_versions(session, [execution])
    evidence = _of_sources(session, execution.pipeline, [execution])
    found = {
        "pipelineName": pipeline_name,
        "pipelineVersion": versions[execution.run.run_id],
        "artifactRevisions": list(_artifact_revisions(execution, evidence)),
        "variables": _variables(execution),
    }
    return {"pipelineExecution": present(_common(execution) | found)}


def list_pipeline_executions(
    session: Session,
    user_name: str,  # noqa: ARG001 - the same for every operation
    *,
    pipeline_name: str,
    max_results: int = LARGEST_PAGE,
    filter: Mapping[str, Any] | None = None,  # noqa: A002 - the API's name
    next_token: str | None = None,
) -> dict[str, Any]:
    """List executions, the newest first.

    :param filter: `{"succeededInStage": {"stageName": …}}`: that passed it in the version that is now.
    :raises Refusal: there is no such pipeline or stage, or the token is not of this list.
    """
    pipeline = find_pipeline(session, pipeline_name)
    stage = ((filter or {}).get("succeededInStage") or {}).get("stageName")
    if stage is not None:
        pipeline.stage(stage)
    key = list_key("ListPipelineExecutions", pipeline_name, stage)
    cursor = cursor_of(next_token, key)
    found: list[ExecutionSnapshot] = []
    for execution in _executions(session, pipeline, before=cursor.run if cursor else None, passed=stage):
        if len(found) == max_results:
            token = Cursor(of=key, run=found[-1].run.id).token()
            return {"pipelineExecutionSummaries": _summaries(session, pipeline, found), "nextToken": token}
        found.append(execution)
    return {"pipelineExecutionSummaries": _summaries(session, pipeline, found)}


def read_versions(session: Session, executions: Iterable[ExecutionSnapshot]) -> dict[str, int]:
    """Return the number of the pipeline's version that each execution began with, by its run."""
    from airflow.models.dag_version import DagVersion
    from sqlalchemy import select

    found = list(executions)
    ids = {execution.run.created_dag_version_id for execution in found} - {None}
    query = select(DagVersion.id, DagVersion.version_number).where(DagVersion.id.in_(ids))
    numbers = {row.id: row.version_number for row in session.execute(query)} if ids else {}
    return {
        execution.run.run_id: numbers.get(execution.run.created_dag_version_id, execution.pipeline.version)
        for execution in found
    }


def source_tasks(declaration: Pipeline) -> dict[str, str]:
    """Return the tasks of the source actions, by the actions' names."""
    return {
        action.name: names.task_id(stage.name, action.name)
        for stage in declaration.stages
        for action in stage.actions
        if action.action_type_id.category == "Source"
    }


def _executions(
    session: Session, pipeline: DeclaredPipeline, *, before: int | None, passed: str | None
) -> Iterator[ExecutionSnapshot]:
    task = names.done_id(passed) if passed is not None else None
    for rows in runs_of(session, pipeline, before=before, passed=task):
        for execution in snapshots(session, pipeline, rows):
            if passed is None or _has_passed(execution, passed, pipeline.definition):
                yield execution


def _has_passed(execution: ExecutionSnapshot, stage: str, definition: str) -> bool:
    same_version = execution.definition in {None, definition}
    return same_version and stage_status(execution.stage(stage)) is StageExecutionStatus.SUCCEEDED


def _summaries(
    session: Session, pipeline: DeclaredPipeline, executions: Sequence[ExecutionSnapshot]
) -> list[dict[str, Any]]:
    evidence = _of_sources(session, pipeline, executions)
    return [_summary(execution, evidence) for execution in executions]


def _summary(execution: ExecutionSnapshot, evidence: Evidence) -> dict[str, Any]:
    return present(
        _common(execution)
        | {
            "startTime": execution.run.created_at,
            "lastUpdateTime": _last_update(execution),
            "sourceRevisions": [
                present(
                    {
                        "actionName": action,
                        "revisionId": artifact.revision_id,
                        "revisionSummary": artifact.revision_summary,
                        "revisionUrl": artifact.revision_url,
                    }
                )
                for action, artifact in _revisions(execution, evidence)
            ],
            "stopTrigger": _stop_trigger(execution),
        }
    )


def _common(execution: ExecutionSnapshot) -> dict[str, Any]:
    run, declaration = execution.run, execution.pipeline.declaration
    conf = run.conf
    rollback = conf.get(records.ROLLBACK)
    return {
        "pipelineExecutionId": execution.execution_id,
        "status": execution.status().value,
        "statusSummary": standing_of(execution),
        "trigger": to_json_value(trigger_of(run.run_type, conf, run.triggering_user_name)),
        "executionMode": declaration.execution_mode,
        "executionType": execution_type(execution),
        "rollbackMetadata": {"rollbackTargetPipelineExecutionId": rollback["targetPipelineExecutionId"]}
        if rollback
        else None,
    }


def execution_type(execution: ExecutionSnapshot) -> str:
    """Return whether it is a rollback, as the API says it."""
    return "ROLLBACK" if execution.is_rollback else "STANDARD"


def _stop_trigger(execution: ExecutionSnapshot) -> dict[str, str] | None:
    stops = [execution.stop(stage.name) for stage in execution.pipeline.declaration.stages]
    told = next((stop for stop in reversed(stops) if stop is not None), None)
    return None if told is None else present({"reason": told.reason})


def _last_update(execution: ExecutionSnapshot) -> datetime:
    moments = [moment for task in execution.tasks.values() for moment in (task.start_date, task.end_date)]
    known = [moment for moment in (execution.run.end_date, *moments) if moment is not None]
    return max(known, default=execution.run.created_at)


def _variables(execution: ExecutionSnapshot) -> list[dict[str, str]]:
    conf = execution.run.conf
    values = {
        variable.name: conf.get(variable.name, variable.default_value)
        for variable in execution.pipeline.declaration.variables
    }
    return [
        {"name": name, "resolvedValue": str(value)} for name, value in values.items() if value is not None
    ]


def _of_sources(
    session: Session, pipeline: DeclaredPipeline, executions: Sequence[ExecutionSnapshot]
) -> Evidence:
    run_ids = [execution.run.run_id for execution in executions]
    return read_evidence(session, pipeline.dag_id, run_ids, source_tasks(pipeline.declaration).values())


def _revisions(execution: ExecutionSnapshot, evidence: Evidence) -> Iterator[tuple[str, ArtifactReference]]:
    for action, task_id in source_tasks(execution.pipeline.declaration).items():
        result = evidence.result(execution.run.run_id, task_id)
        for artifact in result.artifacts if result else ():
            yield action, artifact


def _artifact_revisions(execution: ExecutionSnapshot, evidence: Evidence) -> Iterator[dict[str, Any]]:
    tasks = source_tasks(execution.pipeline.declaration)
    for action, artifact in _revisions(execution, evidence):
        yield present(
            {
                "name": artifact.name,
                "revisionId": artifact.revision_id,
                "revisionChangeIdentifier": (artifact.revision_id or "")[:100],
                "revisionSummary": artifact.revision_summary,
                "created": execution.tasks[tasks[action]].end_date,
                "revisionUrl": artifact.revision_url,
            }
        )
