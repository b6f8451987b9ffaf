"""An execution as those who are told of it are to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.identity import declared_region
from airflow_codepipeline.dag.outcomes import artifact_places
from airflow_codepipeline.definition.commit_sources import repository_keys
from airflow_codepipeline.events.subject import CommitPlace, ReportedAction, ReportedStage, Subject
from airflow_codepipeline.execution import records
from airflow_codepipeline.execution.change_details import CHANGE
from airflow_codepipeline.execution.start import trigger_of
from airflow_codepipeline.service.evidence import read_evidence
from airflow_codepipeline.service.read_executions import read_versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from airflow_codepipeline.definition.model import Action
    from airflow_codepipeline.events.subject import ArtifactPlace
    from airflow_codepipeline.execution.records import Rollback
    from airflow_codepipeline.service.snapshot import ExecutionSnapshot


def subject_of(session: Session, execution: ExecutionSnapshot, attempt: int) -> Subject:
    """Return what is said of an execution.

    :param attempt: how often it has begun.
    """
    run, declaration = execution.run, execution.pipeline.declaration
    given = run.conf.get(records.ROLLBACK)
    rollback = msgspec.convert(given, records.Rollback) if given else None
    return Subject(
        dag_id=execution.pipeline.dag_id,
        run_id=run.run_id,
        home=names.exit_id(declaration.stages[0].name),
        attempt=attempt,
        pipeline=declaration.name,
        execution_id=execution.execution_id,
        version=read_versions(session, [execution])[run.run_id],
        started=run.created_at.isoformat(),
        trigger=trigger_of(run.run_type, run.conf, run.triggering_user_name),
        stages=tuple(
            ReportedStage(name=stage.name, actions=tuple(map(reported_action, stage.actions)))
            for stage in declaration.stages
            if rollback is None or stage.name == rollback.stage
        ),
        region=declared_region(declaration),
        role_arn=declaration.role_arn,
        connection=declaration.airflow.aws_conn_id,
        notifications=declaration.airflow.notifications,
        change=run.conf.get(CHANGE, {}),
        inherited=tuple(_inherited(session, execution, rollback)) if rollback else (),
    )


def reported_action(action: Action) -> ReportedAction:
    """Return what is said of an action."""
    return ReportedAction(
        name=action.name,
        type=action.action_type_id,
        run_order=action.run_order,
        region=action.region,
        inputs=tuple(artifact.name for artifact in action.input_artifacts),
        commit=_commit_place(action) if action.airflow.commit_status else None,
    )


def _commit_place(action: Action) -> CommitPlace | None:
    """Return where the statuses of a source's commits are written."""
    connection, keys = action.airflow.git_conn_id, repository_keys(action.action_type_id)
    parts = [action.configuration.get(key, "") for key in keys]
    if connection is None or not all(parts):
        return None
    if keys == ("RepositoryUrl",):
        url = urlsplit(parts[0])
        repository = url.path.strip("/").removesuffix(".git")
        return CommitPlace(
            connection=connection, repository=repository, server=f"{url.scheme}://{url.netloc}"
        )
    provider = "GitHub" if action.action_type_id.provider == "GitHub" else None
    return CommitPlace(connection=connection, repository="/".join(parts), provider=provider)


def _inherited(session: Session, execution: ExecutionSnapshot, rollback: Rollback) -> Iterator[ArtifactPlace]:
    """Yield the artifacts of the execution that a rollback goes back to."""
    tasks = [
        names.task_id(stage.name, action.name)
        for stage in execution.pipeline.declaration.stages
        for action in stage.actions
        if action.output_artifacts
    ]
    evidence = read_evidence(session, execution.pipeline.dag_id, [rollback.target_run_id], tasks)
    for task in tasks:
        result = evidence.result(rollback.target_run_id, task)
        yield from artifact_places(result.artifacts if result else ())
