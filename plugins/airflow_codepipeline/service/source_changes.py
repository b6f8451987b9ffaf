"""Starts what a message of EventBridge wants, in the API server: the same message, the same executions."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.changes.change import Change, Nothing
from airflow_codepipeline.changes.matching import start_of_request, starts_of_change, taken
from airflow_codepipeline.dag.identity import region_or_none
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.start import source_actions
from airflow_codepipeline.service.known_declarations import KnownDeclarations
from airflow_codepipeline.service.pipelines import find_pipeline
from airflow_codepipeline.service.start import start_execution

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_codepipeline.changes.matching import WantedStart
    from airflow_codepipeline.changes.request import StartRequest
    from airflow_codepipeline.definition.model import Pipeline

log = logging.getLogger(__name__)

USER = "EventBridge"
"""Who Airflow shows as the one that started such an execution."""


def _takes_changes(pipeline: Pipeline) -> bool:
    return any(map(taken, source_actions(pipeline).values()))


_known = KnownDeclarations(_takes_changes)


def start_all(content: Change | StartRequest | Nothing) -> tuple[list[dict[str, str]], list[Refusal]]:
    """Start every execution that a message wants, each in a transaction of its own.

    :return: the executions, and why others were not started.
    """
    executions: list[dict[str, str]] = []
    refusals: list[Refusal] = []
    try:
        wanted = list(_wanted(content))
    except Refusal as refusal:
        return [], [refusal]
    for start in wanted:
        try:
            executions.append({"pipelineName": start.pipeline.name} | _start(start))
        except Refusal as refusal:
            log.warning("%s does not start %s: %s", content, start.pipeline.name, refusal)
            refusals.append(refusal)
    return executions, refusals


def _wanted(content: Change | StartRequest | Nothing) -> Iterable[WantedStart]:
    from airflow.utils.session import create_session

    if isinstance(content, Nothing):
        return []
    with create_session() as session:
        if isinstance(content, Change):
            return list(starts_of_change(content, _known.pipelines(session), region_or_none))
        pipeline = find_pipeline(session, content.name).declaration
    return [start_of_request(content, pipeline)]


def _start(wanted: WantedStart) -> dict[str, Any]:
    from airflow.utils.session import create_session

    with create_session() as session:
        return start_execution(
            session,
            USER,
            pipeline_name=wanted.pipeline.name,
            variables=wanted.variables,
            source_revisions=wanted.source_revisions,
            client_request_token=wanted.token,
            trigger=wanted.trigger,
        )
