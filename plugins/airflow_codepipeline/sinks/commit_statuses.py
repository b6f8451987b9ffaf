"""Commit statuses to GitHub and GitLab, with the token of the connection that the source is read through.

Source: GitHub REST API, "Create a commit status"; GitLab REST API, "Set commit pipeline status".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

import httpx
import msgspec

from airflow_codepipeline.actions.git_login import named_connection
from airflow_codepipeline.actions.git_remote import check_secrecy
from airflow_codepipeline.errors import ActionError, TransientError
from airflow_codepipeline.events.subject import CommitPlace
from airflow_codepipeline.sinks.base import Delivery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_codepipeline.actions.git_login import GitConnection
    from airflow_codepipeline.events.report import Message
    from airflow_codepipeline.events.subject import Subject

_TIMEOUT_SECONDS = 30
_DESCRIPTION_CHARACTERS = 140
_GITHUB_STATES = {"PENDING": "pending", "SUCCEEDED": "success", "FAILED": "failure"}
"""Of everything else GitHub is told that it is an `error`."""
_GITLAB_STATES = {"PENDING": "running", "SUCCEEDED": "success", "FAILED": "failed"}
"""Everything else is `canceled` for GitLab."""
_KNOWN = ("GitHub", "GitHubEnterpriseServer", "GitLab", "GitLabSelfManaged")


class _Request(NamedTuple):
    url: str
    body: dict[str, Any]


class CommitStatuses:
    """`sinks.base.Sink` for the servers of the commits that an execution took.

    :param base_url: of Airflow's web server, for the link from the status to the run; empty: there is none.
    """

    def __init__(self, subject: Subject, *, base_url: str) -> None:
        self._context = f"codepipeline/{subject.pipeline}"
        run = f"/dags/{quote(subject.dag_id)}/runs/{quote(subject.run_id)}"
        self._page = base_url.rstrip("/") + run if base_url else None

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        """Write statuses; a repository that does not take one holds no other up."""
        undelivered, failed = [], {}
        with httpx.Client(timeout=_TIMEOUT_SECONDS) as client:
            for message in messages:
                where = msgspec.convert(message["place"], CommitPlace)
                if where not in failed:
                    try:
                        self._write(client, where, message)
                    except ActionError as error:
                        failed[where] = error
                if where in failed:
                    undelivered.append(message)
        return Delivery(undelivered, next(iter(failed.values()), None))

    def _write(self, client: httpx.Client, where: CommitPlace, message: Message) -> None:
        connection = named_connection(where.connection)
        if connection is None or not connection.password:
            raise ActionError(
                "ConfigurationError",
                f"The Airflow connection {where.connection} (git_conn_id) is not there or has no password: "
                "commit statuses need a token.",
            )
        provider = _provider(where, connection)
        server = where.server or connection.server
        make = self._for_gitlab if provider.startswith("GitLab") else self._for_github
        request = make(server, where.repository, message)
        check_secrecy(request.url)
        try:
            answer = client.post(
                request.url,
                json=request.body,
                headers={"Authorization": f"Bearer {connection.password}"},
            )
        except httpx.HTTPError as error:
            raise TransientError("SystemUnavailable", f"{request.url}: {error!r}") from error
        _check(request.url, answer)

    def _for_github(self, server: str | None, repository: str, message: Message) -> _Request:
        api = "https://api.github.com"
        if server is not None and urlsplit(server).hostname not in {"github.com", "api.github.com"}:
            api = f"{server}/api/v3"
        body = self._body(_GITHUB_STATES.get(message["state"], "error"), "context", message)
        return _Request(f"{api}/repos/{quote(repository)}/statuses/{message['commit']}", body)

    def _for_gitlab(self, server: str | None, repository: str, message: Message) -> _Request:
        project = quote(repository, safe="")
        body = self._body(_GITLAB_STATES.get(message["state"], "canceled"), "name", message)
        api = f"{server or 'https://gitlab.com'}/api/v4"
        return _Request(f"{api}/projects/{project}/statuses/{message['commit']}", body)

    def _body(self, state: str, name: str, message: Message) -> dict[str, Any]:
        body = {
            "state": state,
            name: self._context,
            "description": message["description"][:_DESCRIPTION_CHARACTERS],
            "target_url": self._page,
        }
        return {key: value for key, value in body.items() if value is not None}


def _provider(where: CommitPlace, connection: GitConnection) -> str:
    """Return who is told, as CodeConnections spells it.

    :raises ActionError: it is somebody who is not told.
    """
    if where.provider is None:
        hint = f"{connection.type} {where.server or connection.server or ''}".lower()
        return "GitLab" if "gitlab" in hint else "GitHub"
    if where.provider not in _KNOWN:
        raise ActionError(
            "ConfigurationError",
            f"{where.repository} is on {where.provider}. Commit statuses go to GitHub and GitLab only: "
            "remove commit_status from the action.",
        )
    return where.provider


def _check(url: str, answer: httpx.Response) -> None:
    """Read an answer.

    :raises ActionError: the status was not written.
    """
    if answer.is_success:
        return
    text = answer.text[:500]
    if answer.status_code == httpx.codes.BAD_REQUEST and "Cannot transition status" in text:
        return  # GitLab has that status already: it was told before
    kind = TransientError if answer.status_code == 429 or answer.status_code >= 500 else ActionError
    raise kind("JobFailed", f"{url} answered {answer.status_code}: {text}")
