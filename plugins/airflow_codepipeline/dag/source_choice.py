"""Which revision a source action is to take: one given at the start, one of a date, or the current one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.actions.base import SourceRevision
from airflow_codepipeline.actions.registry import provider_for
from airflow_codepipeline.errors import ActionError
from airflow_codepipeline.execution.revision import instant_text, moment_of
from airflow_codepipeline.execution.source_variables import SOURCE_VARIABLES
from airflow_codepipeline.execution.start import check_conf

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from airflow_codepipeline.dag.wiring import ActionDeclaration


def source_revisions(
    declaration: ActionDeclaration, context: Mapping[str, Any]
) -> tuple[SourceRevision, ...]:
    """Return what whoever started the execution gave for a source action; check all that they gave.

    An execution may have been started in many ways, and Airflow's own do not check a conf.

    :raises Refusal: what the execution was started with is wrong; the actions of its first stage say so.
    """
    if declaration.stage.name != declaration.pipeline.stages[0].name:
        return ()
    dag_run = context.get("dag_run")
    start = check_conf(declaration.pipeline, (dag_run.conf or {}) if dag_run else {})
    return tuple(
        SourceRevision(type=given.revision_type, value=given.revision_value)
        for given in start.revisions
        if given.action_name == declaration.action.name
    )


def source_variables(declaration: ActionDeclaration, context: Mapping[str, Any]) -> dict[str, str]:
    """Return what a source action is to say of the change that started the execution; of a checked conf."""
    dag_run = context.get("dag_run")
    if dag_run is None or declaration.action.action_type_id.category != "Source":
        return {}
    return dict((dag_run.conf or {}).get(SOURCE_VARIABLES, {}).get(declaration.action.name, {}))


def as_of(
    declaration: ActionDeclaration, context: Mapping[str, Any], *, given: tuple[SourceRevision, ...]
) -> datetime | None:
    """Return the instant whose current revision a source takes; none where it takes the current one.

    :param given: what the source was told to take.
    :raises ActionError: its provider knows of no past.
    """
    dag_run, kind = context.get("dag_run"), declaration.action.action_type_id
    if dag_run is None or kind.category != "Source":
        return None
    interval_end = getattr(dag_run, "data_interval_end", None)
    catchup = declaration.pipeline.airflow.catchup
    moment = moment_of(dag_run.run_type, catchup=catchup, interval_end=interval_end)
    if moment is None or getattr(provider_for(kind), "knows_past", False):
        return moment
    if given:
        return None
    raise ActionError(
        "RevisionUnavailable",
        f"{declaration.action.name}: a source of type {kind} cannot tell what was current at "
        f"{instant_text(moment)}. Start the execution with a revision of your own, in its conf.",
    )
