"""Source/AWS/CodeStarSourceConnection/1 (CodePipeline user guide, source connections).

AWS shows the repository behind a connection to git; an Airflow connection, `airflow: {git_conn_id: …}`,
makes git ask the provider itself instead.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from airflow_codepipeline.actions import console
from airflow_codepipeline.actions.commit_source import CommitSource, Origin
from airflow_codepipeline.actions.connection import read_connection
from airflow_codepipeline.actions.git_artifact import wants_clone
from airflow_codepipeline.actions.git_login import git_connection
from airflow_codepipeline.actions.git_remote import Remote
from airflow_codepipeline.actions.settings import misconfigured, required
from airflow_codepipeline.artifacts.reference import CloneReference

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Aws
    from airflow_codepipeline.actions.connection import Connection
    from airflow_codepipeline.actions.git_commit import Commit

# GitHub's addresses for people who hide theirs name the account's number.
_HIDDEN_ADDRESS = re.compile(r"(?P<id>\d+)\+.*@users\.noreply\..+")


class ConnectionSource(CommitSource):
    """Takes one commit of a repository that a connection leads to."""

    def origin(self, aws: Aws) -> Origin:
        """Return the repository behind the connection."""
        context, connection = aws.context, read_connection(aws)
        return Origin(
            remote=_remote(aws, connection),
            branch=required(context, "BranchName"),
            variables={
                "ConnectionArn": connection.arn,
                "FullRepositoryName": connection.repository,
                "ProviderType": connection.provider_type,
            },
            page=partial(
                console.connection_commit, context.identity.region, connection.arn, connection.repository
            ),
            clone=_clone_reference(context, connection),
            summary=lambda commit: commit.provider_summary(connection.provider_type),
        )

    def variables(self, commit: Commit, page: str) -> dict[str, str]:
        """Return who made it."""
        del page
        return {
            "AuthorDisplayName": commit.author_name,
            "AuthorEmail": commit.author_email,
            "AuthorId": _author_id(commit),
        }


def _clone_reference(context: ActionContext, connection: Connection) -> CloneReference | None:
    if not wants_clone(context):
        return None
    source_type = connection.provider.source_type
    if source_type is None:
        raise misconfigured(
            context,
            f"CodeBuild cannot clone from {connection.provider_type}. Take OutputArtifactFormat CODE_ZIP.",
        )
    return CloneReference(source_type=source_type, location=connection.url, connection_arn=connection.arn)


def _remote(aws: Aws, connection: Connection) -> Remote:
    given = git_connection(aws.context)
    if given is None:
        return Remote(url=connection.proxy_url, login=aws.git_login(connection.proxy_url))
    url = connection.provider.url(given.server or connection.server, connection.repository)
    return given.remote(url, user=connection.provider.user)


def _author_id(commit: Commit) -> str:
    """Return what git knows an author by: the provider's own number is in hidden addresses only."""
    match = _HIDDEN_ADDRESS.fullmatch(commit.author_email)
    return match["id"] if match else commit.author_email
