"""An attempt at an action: everything its provider needs, resolved and fixed, and what it leaves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.actions.base import ActionContext, SourceRevision
from airflow_codepipeline.actions.registry import open_session, provider_for
from airflow_codepipeline.actions.timeouts import timeout_of
from airflow_codepipeline.artifacts.layout import plan_outputs, store_or_none
from airflow_codepipeline.dag.execution_values import SOURCE_REVISIONS, ExecutionValues
from airflow_codepipeline.dag.identity import action_identity, pipeline_identity
from airflow_codepipeline.dag.job_ledger import JobRecord
from airflow_codepipeline.dag.names import attempt_id
from airflow_codepipeline.dag.result import ActionResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.actions.base import ActionProvider, Aws
    from airflow_codepipeline.dag.wiring import ActionDeclaration


def new_attempt(
    declaration: ActionDeclaration, context: Mapping[str, Any], *, generation: int, attempt: int
) -> JobRecord:
    """Resolve an action and plan its outputs.

    :param context: Airflow's context of the action's task.
    :param generation: how often the task was cleared.
    :param attempt: the number of this attempt within the generation, from 1.
    :raises VariableError: a variable has no value.
    :raises ArtifactError: an input does not exist in this execution, or an output has no store.
    """
    ti = context["ti"]
    values = ExecutionValues(declaration.wiring, context)
    action = values.resolved(declaration.action)
    identity = action_identity(declaration.pipeline, action)
    action_execution_id = attempt_id(
        dag=ti.dag_id, run_id=ti.run_id, task=ti.task_id, generation=generation, attempt=attempt
    )
    return JobRecord(
        generation=generation,
        attempt=attempt,
        deadline=(datetime.now(UTC) + timeout_of(action)).isoformat(),
        context=ActionContext(
            pipeline=declaration.pipeline.name,
            pipeline_execution_id=values.pipeline_execution_id,
            stage=declaration.stage.name,
            action=action,
            action_execution_id=action_execution_id,
            identity=identity,
            store_identity=pipeline_identity(declaration.pipeline),
            input_artifacts=tuple(values.artifact(artifact.name) for artifact in action.input_artifacts),
            output_locations=plan_outputs(
                declaration.pipeline, action, action_execution_id=action_execution_id, region=identity.region
            ),
            store=store_or_none(declaration.pipeline, identity.region),
            source_revision=_source_revision(context, action.name),
            as_of=_as_of(context),
        ),
    )


def open_attempt(record: JobRecord) -> tuple[Aws, ActionProvider]:
    """Return AWS and the provider for one attempt."""
    return open_session(record.context), provider_for(record.context.action.action_type_id)


def finish(record: JobRecord, aws: Aws, provider: ActionProvider) -> dict[str, Any]:
    """Read what a job that succeeded left, as the XCom of the action."""
    assert record.job is not None
    outputs = provider.outputs(aws, record.job)
    return ActionResult.of(record.context, record.job, outputs).to_xcom()


def _source_revision(context: Mapping[str, Any], action: str) -> SourceRevision | None:
    """Return the revision that whoever started the execution gave for a source action."""
    dag_run = context.get("dag_run")
    for override in ((dag_run.conf or {}) if dag_run else {}).get(SOURCE_REVISIONS, ()):
        if override["actionName"] == action:
            return SourceRevision(type=override["revisionType"], value=override["revisionValue"])
    return None


def _as_of(context: Mapping[str, Any]) -> datetime | None:
    """Return the end of the data interval for a backfill: it takes what was current then, always."""
    dag_run = context.get("dag_run")
    if dag_run is None or dag_run.run_type != "backfill":
        return None
    end: datetime | None = dag_run.data_interval_end
    return end
