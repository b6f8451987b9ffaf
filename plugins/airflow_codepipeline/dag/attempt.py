"""An attempt at an action: everything its provider needs, resolved and fixed, and what it leaves."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.actions.base import ActionContext
from airflow_codepipeline.actions.dynamic_references import references_in
from airflow_codepipeline.actions.immediate import Immediate
from airflow_codepipeline.actions.registry import open_for_provider, open_session, provider_for
from airflow_codepipeline.actions.timeouts import timeout_of
from airflow_codepipeline.artifacts.layout import plan_outputs, store_or_none
from airflow_codepipeline.dag.execution_values import ExecutionValues
from airflow_codepipeline.dag.identity import action_identity, pipeline_identity
from airflow_codepipeline.dag.job_ledger import JobRecord
from airflow_codepipeline.dag.names import attempt_id
from airflow_codepipeline.dag.result import ActionResult
from airflow_codepipeline.dag.source_choice import as_of, source_revisions, source_variables
from airflow_codepipeline.dag.stage_guard import check_inside
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.actions.base import ActionProvider, Aws, Job
    from airflow_codepipeline.dag.wiring import ActionDeclaration, StageDeclaration
    from airflow_codepipeline.definition.model import Action


def new_attempt(
    declaration: ActionDeclaration, context: Mapping[str, Any], *, generation: int, attempt: int
) -> JobRecord:
    """Resolve an action and plan its outputs.

    :param context: Airflow's context of the action's task.
    :param generation: how often the task was cleared.
    :param attempt: the number of this attempt within the generation, from 1.
    :raises CodePipelineError: it cannot be begun: a variable has no value, an input does not exist …
    """
    check_inside(declaration, context)
    ti = context["ti"]
    revisions = source_revisions(declaration, context)
    values = ExecutionValues(declaration.wiring, context)
    action_execution_id = attempt_id(
        dag=ti.dag_id, run_id=ti.run_id, task=ti.task_id, generation=generation, attempt=attempt
    )
    resolved = context_of(declaration, values, declaration.action, action_execution_id)
    return JobRecord(
        generation=generation,
        attempt=attempt,
        deadline=(datetime.now(UTC) + timeout_of(resolved.action)).isoformat(),
        context=msgspec.structs.replace(
            resolved,
            output_locations=plan_outputs(
                declaration.pipeline,
                resolved.action,
                action_execution_id=action_execution_id,
                region=resolved.identity.region,
            ),
            source_revisions=revisions,
            source_variables=source_variables(declaration, context),
            as_of=as_of(declaration, context, given=revisions),
        ),
    )


def context_of(
    declaration: StageDeclaration, values: ExecutionValues, declared: Action, action_execution_id: str
) -> ActionContext:
    """Return what a provider may know of an action, or of a rule that is carried out as one.

    :param declared: the action as it is declared.
    :raises VariableError: a variable of its configuration has no value.
    :raises ArtifactError: an input does not exist in this execution.
    """
    pipeline, action = declaration.wiring.pipeline, values.resolved(declared)
    identity = action_identity(pipeline, action)
    return ActionContext(
        pipeline=pipeline.name,
        pipeline_execution_id=values.pipeline_execution_id,
        stage=declaration.stage.name,
        action=action,
        action_execution_id=action_execution_id,
        identity=identity,
        store_identity=pipeline_identity(pipeline),
        store=store_or_none(pipeline, identity.region),
        input_artifacts=tuple(values.artifact(artifact.name) for artifact in action.input_artifacts),
        references=references_in(declared.configuration),
        begun=datetime.now(UTC),
    )


def open_attempt(record: JobRecord) -> tuple[Aws, ActionProvider]:
    """Return AWS and the provider for one attempt.

    :raises ActionError: there is no such provider, or a reference in the configuration has no value.
    """
    return open_for_provider(record.context), provider_for(record.context.action.action_type_id)


def start_attempt(record: JobRecord, aws: Aws, provider: ActionProvider) -> Job:
    """Start the job of an attempt. Work that is the worker's own is broken off when the action times out.

    That takes a signal, which the main thread alone can have: `codepipeline run` lets such work go on.

    :raises ActionError: it cannot be started, or it timed out.
    :raises TransientError: it may be tried again.
    """
    if not isinstance(provider, Immediate) or threading.current_thread() is not threading.main_thread():
        return provider.start(aws)
    from airflow.sdk.exceptions import AirflowTaskTimeout
    from airflow.sdk.execution_time.timeout import timeout

    left = datetime.fromisoformat(record.deadline) - datetime.now(UTC)
    try:
        # A timer of no time at all would never ring.
        with timeout(max(left.total_seconds(), 0.001)):  # type: ignore[no-untyped-call]
            return provider.start(aws)
    except AirflowTaskTimeout as error:
        raise timed_out("action", record.deadline) from error


def stop_attempt(record: JobRecord) -> None:
    """Stop the job of an attempt, whether what its configuration refers to can be had or not.

    :raises ActionError: AWS refuses, or does not answer for now.
    """
    assert record.job is not None
    provider_for(record.context.action.action_type_id).stop(open_session(record.context), record.job)


def timed_out(subject: str, deadline: str, refused: ActionError | None = None) -> ActionError:
    """Return the failure of a job that took too long.

    :param refused: why it could not be stopped; none where it was.
    """
    end = f"It could not be stopped: {refused}" if refused else "It was stopped, where its service can."
    return ActionError("JobFailed", f"The {subject} timed out: it had not ended at {deadline}. {end}")


def finish(record: JobRecord, aws: Aws, provider: ActionProvider) -> dict[str, Any]:
    """Read what a job that succeeded left, as the XCom of the action."""
    assert record.job is not None
    outputs = provider.outputs(aws, record.job)
    return ActionResult.of(record.context, record.job, outputs).to_xcom()
