"""Webhooks at GitHub, made and removed through its API (GitHub documentation, "Repository webhooks").

The token is that of a GitHub source action. Nothing is kept of the hooks here: one is found again by its
address, so that a crash leaves none behind that would not be found, and none is made twice.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_codepipeline.actions.git_login import GitConnection
from airflow_codepipeline.actions.registry import open_for_provider
from airflow_codepipeline.dag.masking import MASK
from airflow_codepipeline.dag.own_dags import option
from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.errors import CodePipelineError, DefinitionError
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.start import source_actions
from airflow_codepipeline.service.git_server import GitServer, ProviderApiError, find_git_server
from airflow_codepipeline.service.pipelines import find_pipeline
from airflow_codepipeline.service.provider_api import GitHubApi
from airflow_codepipeline.serving.polled_sources import context_outside
from airflow_codepipeline.settings import definition_of, pipelines_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from airflow_codepipeline.definition.model import Action, Pipeline
    from airflow_codepipeline.service.webhook_store import Webhook

_KIND = "Source/ThirdParty/GitHub/1"
_TOKEN = "OAuthToken"  # noqa: S105 - the name of the key
_API_OPTION = "github_api_url"
_PAGE = 100


def register(session: Session, webhook: Webhook, url: str) -> None:
    """Make GitHub send pushes to an address; what it has of that address is changed.

    :raises Refusal: it cannot be made.
    """
    action = _action(session, webhook)
    config = {"url": url, "content_type": "json", "insecure_ssl": "0"}
    if webhook.secret_token:
        config["secret"] = webhook.secret_token
    wanted = {"active": True, "events": ["push"], "config": config}
    try:
        api, hooks = _api(session, webhook, action), _hooks_path(action)
        there = [one["id"] for one in _hooks(api, hooks) if _is_of(one, url)]
        if there:
            api.send("PATCH", f"{hooks}/{there[0]}", wanted)
        else:
            api.send("POST", hooks, {"name": "web"} | wanted)
    except ProviderApiError as error:
        raise _refused(webhook, error) from error


def deregister(session: Session, webhook: Webhook, url: str) -> None:
    """Remove what GitHub has of an address.

    :raises Refusal: it cannot be removed.
    """
    action = _action(session, webhook)
    try:
        api, hooks = _api(session, webhook, action), _hooks_path(action)
        for number in [one["id"] for one in _hooks(api, hooks) if _is_of(one, url)]:
            api.send("DELETE", f"{hooks}/{number}")
    except ProviderApiError as error:
        raise _refused(webhook, error) from error


def _action(session: Session, webhook: Webhook) -> Action:
    pipeline = find_pipeline(session, webhook.target_pipeline).declaration
    action = source_actions(pipeline).get(webhook.target_action)
    if action is None or str(action.action_type_id) != _KIND:
        raise Refusal(
            "ValidationException",
            f"{webhook.target_action} of {webhook.target_pipeline} is no action of type {_KIND}: no other "
            "can be registered. Give the webhook's address to whoever is to send messages.",
        )
    return action


def _api(session: Session, webhook: Webhook, action: Action) -> GitHubApi:
    """Return GitHub's API, by the action's Airflow connection or by the token of its definition."""
    connection = action.airflow.git_conn_id
    if connection is None:
        token = _declared_token(session, webhook, action)
        login = GitConnection(server=None, user=None, password=token)
        return GitHubApi(GitServer(connection_id="", login=login, api=option(_API_OPTION)))
    server = find_git_server(connection)
    if server is None:
        raise Refusal("ValidationException", f"Airflow has no connection {connection} (git_conn_id).")
    return GitHubApi(server)


def _declared_token(session: Session, webhook: Webhook, action: Action) -> str:
    """Return the token of the definition's file: the declaration that the DAG carries has it masked."""
    from airflow.models.dag import DagModel
    from sqlalchemy import select

    dag_id = find_pipeline(session, webhook.target_pipeline).dag_id
    dag_file = session.scalar(select(DagModel.fileloc).where(DagModel.dag_id == dag_id))
    try:
        path = definition_of(pipelines_folder(Path(dag_file or "")), webhook.target_pipeline)
        token = _token_in(read_pipeline(path, check=False), action.name) if path else MASK
    except (OSError, DefinitionError):
        token = MASK
    except CodePipelineError as error:
        raise Refusal(
            "ValidationException", f"The {_TOKEN} of {action.name} has no value: {error}"
        ) from error
    if token == MASK:
        raise Refusal(
            "ValidationException",
            f"The {_TOKEN} of {action.name} is not known to the API server. Name an Airflow connection with "
            "the token as its password: airflow: {git_conn_id: …}.",
        )
    return token


def _token_in(pipeline: Pipeline, action_name: str) -> str:
    """Return a source action's token, looked up where it is a reference.

    :raises ActionError: the reference has no value.
    :raises TransientError: AWS does not answer for now.
    """
    action = source_actions(pipeline).get(action_name)
    if action is None:
        return MASK
    looked_up = open_for_provider(context_outside(pipeline, action)).context.action
    return looked_up.configuration.get(_TOKEN, MASK)


def _hooks(api: GitHubApi, path: str) -> Iterator[dict[str, Any]]:
    for page in count(1):
        found = api.get(path, per_page=str(_PAGE), page=str(page))
        yield from found
        if len(found) < _PAGE:
            return


def _hooks_path(action: Action) -> str:
    owner, name = action.configuration["Owner"], action.configuration["Repo"]
    return f"/repos/{quote(owner, safe='')}/{quote(name, safe='')}/hooks"


def _is_of(hook: dict[str, Any], url: str) -> bool:
    """Tell whether a hook is of an address; one that was made anew has another token in it."""
    given = str(hook.get("config", {}).get("url", ""))
    return given.partition("?")[0] == url.partition("?")[0]


def _refused(webhook: Webhook, error: ProviderApiError) -> Refusal:
    return Refusal("ValidationException", f"GitHub does not do it for the webhook {webhook.name}: {error}")
