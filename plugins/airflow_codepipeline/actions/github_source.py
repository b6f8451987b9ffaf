"""Source/ThirdParty/GitHub/1, by an access token (CodePipeline user guide, GitHub (via OAuth app))."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow_codepipeline.actions.commit_source import CommitSource, Origin
from airflow_codepipeline.actions.connection_providers import PROVIDERS
from airflow_codepipeline.actions.git_commit import iso
from airflow_codepipeline.actions.git_login import git_connection
from airflow_codepipeline.actions.git_remote import Remote
from airflow_codepipeline.actions.settings import hidden, misconfigured, required

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Aws
    from airflow_codepipeline.actions.git_commit import Commit

_GITHUB = PROVIDERS["GitHub"]
_SERVER = "https://github.com"
_TOKEN = "OAuthToken"  # noqa: S105  the name of the key
_MASK = "****"
_NAME = re.compile(r"(?!\.)[\w.-]+", re.ASCII)


class GitHubSource(CommitSource):
    """Takes one commit of a repository on GitHub."""

    def origin(self, aws: Aws) -> Origin:
        """Return the repository."""
        context = aws.context
        remote = _remote(context)
        page = f"{remote.url.removesuffix('.git')}/commit/"
        return Origin(
            remote=remote,
            branch=required(context, "Branch"),
            variables={"RepositoryName": required(context, "Repo")},
            page=page.__add__,
        )

    def place(self, context: ActionContext) -> str:
        """Return the branch's address on GitHub, or on the server that its Airflow connection names."""
        owner, name = (_checked(context, key) for key in ("Owner", "Repo"))
        return f"github:{owner}/{name} {required(context, 'Branch')}"

    def variables(self, commit: Commit, page: str) -> dict[str, str]:
        """Return where the commit is, and when it was made."""
        return {"CommitUrl": page, "CommitterDate": iso(commit.committer_date)}


def _remote(context: ActionContext) -> Remote:
    owner, name = (_checked(context, key) for key in ("Owner", "Repo"))
    given = git_connection(context)
    if given is not None:
        url = _GITHUB.url(given.server or _SERVER, f"{owner}/{name}")
        return given.remote(url, user=_GITHUB.user)
    token = required(context, _TOKEN)
    if token == _MASK:
        raise misconfigured(
            context, f"{_TOKEN} is masked. Give the token, or name an Airflow connection in git_conn_id."
        )
    return Remote(url=_GITHUB.url(_SERVER, f"{owner}/{name}"), login=(_GITHUB.user, hidden(token)))


def _checked(context: ActionContext, key: str) -> str:
    value = required(context, key)
    if not _NAME.fullmatch(value):
        raise misconfigured(context, f"{key} is {value!r}. It must be a name on GitHub.")
    return value
