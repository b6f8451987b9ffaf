"""Source/Custom/Git/1: any git repository that is served over HTTP. It is ours: AWS has none like it.

As CodePipeline does with custom sources, its owner is Custom; the configuration names RepositoryUrl and
BranchName, and `airflow: {git_conn_id: …}` what git logs in with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.actions.commit_source import CommitSource, Origin
from airflow_codepipeline.actions.git_commit import iso
from airflow_codepipeline.actions.git_login import git_connection, same_server
from airflow_codepipeline.actions.git_remote import Remote
from airflow_codepipeline.actions.settings import misconfigured, required

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Aws
    from airflow_codepipeline.actions.git_commit import Commit


class GitSource(CommitSource):
    """Takes one commit of a git repository."""

    def origin(self, aws: Aws) -> Origin:
        """Return the repository; of its commits no page is known."""
        remote = _remote(aws.context)
        return Origin(
            remote=remote,
            branch=required(aws.context, "BranchName"),
            variables={"RepositoryUrl": remote.url},
            page=lambda _commit: remote.url,
        )

    def place(self, context: ActionContext) -> str:
        """Return the branch's address."""
        return f"{required(context, 'RepositoryUrl')} {required(context, 'BranchName')}"

    def variables(self, commit: Commit, page: str) -> dict[str, str]:
        """Return who made it, and when."""
        del page
        return {
            "AuthorDisplayName": commit.author_name,
            "AuthorEmail": commit.author_email,
            "CommitterDate": iso(commit.committer_date),
        }


def _remote(context: ActionContext) -> Remote:
    url, given = required(context, "RepositoryUrl"), git_connection(context)
    if given is None:
        return Remote(url=url)
    if given.server is not None and not same_server(given.server, url):
        name = context.action.airflow.git_conn_id
        raise misconfigured(context, f"the connection {name} is for {given.server}, not for {url}.")
    return given.remote(url, user="git")
