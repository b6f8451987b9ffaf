"""Starts what a change to a git repository starts: triggers of V2 (CodePipeline user guide, "Triggers")."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from airflow_codepipeline.changes.git_filters import judge
from airflow_codepipeline.execution.start import Trigger
from airflow_codepipeline.service.git_server import ProviderApiError
from airflow_codepipeline.service.git_sources import reads, repository_of, watched_through
from airflow_codepipeline.service.provider_api import changed_files, provider_api
from airflow_codepipeline.service.webhook_start import Started, token_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_codepipeline.changes.git_change import GitChange
    from airflow_codepipeline.definition.model import Action, Pipeline
    from airflow_codepipeline.service.git_server import GitServer
    from airflow_codepipeline.service.provider_api import ProviderApi

log = logging.getLogger(__name__)


def start_for(server: GitServer, sender: str, changes: Iterable[GitChange]) -> Started:
    """Start the pipelines that read a repository through a connection and want its changes.

    :param sender: who told of them.
    """
    from airflow.utils.session import create_session

    with create_session() as session:
        watched = watched_through(session, server.connection_id)
    started = Started()
    for change in changes:
        news = _News(provider_api(sender, server), sender, change)
        for one in watched:
            actions = [action for action in one.actions if reads(action, change)]
            if actions:
                _start(started, server.connection_id, news, one.pipeline, actions)
            else:
                known = ", ".join(map(repository_of, one.actions))
                told = change.repository or ", ".join(change.urls)
                started.refuse(one.pipeline.name, f"It reads {known}, not {told}.")
    return started


class _News:
    """A change, with what has to be asked for where it is wanted; asked once."""

    def __init__(self, api: ProviderApi, sender: str, told: GitChange) -> None:
        self._api, self._sender, self.told = api, sender, told

    def details(self, action: Action) -> dict[str, str]:
        """Return what is told of it where it starts an execution."""
        arn = action.configuration.get("ConnectionArn", "")
        return self.told.details | {
            name: value
            for name, value in (
                ("commit-id", self.commit),
                ("connection-arn", arn),
                ("provider-type", self._sender),
            )
            if value
        }

    @cached_property
    def with_files(self) -> GitChange:
        return replace(self.told, files=changed_files(self._api, self.told))

    @cached_property
    def commit(self) -> str:
        return self._api.whole_commit(self.told)


def _start(started: Started, connection: str, news: _News, pipeline: Pipeline, actions: list[Action]) -> None:
    change = news.told
    try:
        wanting, reasons = _wanting(news, pipeline, actions)
        commit = news.commit if wanting else ""
    except ProviderApiError as error:
        log.error("A %s does not start %s: %s", change, pipeline.name, error)
        started.unanswered = True
        started.refuse(pipeline.name, str(error))
        return
    if not wanting:
        started.refuse(pipeline.name, " ".join(reasons))
        return
    override = {"revisionType": "COMMIT_ID", "revisionValue": commit}
    started.start(
        pipeline.name,
        user_name=f"webhook {connection}",
        source_revisions=[{"actionName": action.name} | override for action in wanting],
        source_variables={action.name: change.variables for action in wanting},
        change=news.details(wanting[0]),
        client_request_token=token_of(connection, change.identity),
        trigger=Trigger(trigger_type="WebhookV2", trigger_detail=str(change)),
    )


def _wanting(news: _News, pipeline: Pipeline, actions: list[Action]) -> tuple[list[Action], list[str]]:
    """Return the actions that a change starts, and why it does not start the others.

    :raises ProviderApiError: it depends on the changed files, and they are not known.
    """
    wanting: list[Action] = []
    reasons: dict[str, None] = {}
    for action in actions:
        verdict = judge(pipeline, action, news.told)
        if verdict.starts is None:
            verdict = judge(pipeline, action, news.with_files)
        if verdict.starts:
            wanting.append(action)
        else:
            reasons[verdict.reason] = None
    return wanting, list(reasons)
