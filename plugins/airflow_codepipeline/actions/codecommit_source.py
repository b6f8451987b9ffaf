"""Source/AWS/CodeCommit/1 (CodePipeline user guide, AWS CodeCommit source).

Commits are read through the API. Files are fetched by git, in one request; a worker without git asks the
API for each of them instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.actions import codecommit_api, console
from airflow_codepipeline.actions.base import Job, Outputs
from airflow_codepipeline.actions.git_artifact import wants_clone, write_clone, write_zip
from airflow_codepipeline.actions.git_commit import iso
from airflow_codepipeline.actions.git_login import git_connection
from airflow_codepipeline.actions.git_program import is_installed
from airflow_codepipeline.actions.git_remote import Remote, check_branch
from airflow_codepipeline.actions.git_repository import open_repository
from airflow_codepipeline.actions.git_revision import overridden
from airflow_codepipeline.actions.immediate import Immediate
from airflow_codepipeline.actions.settings import required, the_output
from airflow_codepipeline.artifacts.reference import CloneReference

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Aws
    from airflow_codepipeline.actions.git_commit import Commit
    from airflow_codepipeline.artifacts.reference import ArtifactReference


class CodeCommitSource(Immediate):
    """Takes one commit of a CodeCommit repository."""

    knows_past = True

    def place(self, context: ActionContext) -> str:
        """Return the branch's address, as git-remote-codecommit has it."""
        repository, branch = required(context, "RepositoryName"), required(context, "BranchName")
        return f"codecommit::{context.identity.region}://{repository} {branch}"

    def current(self, aws: Aws) -> str:
        """Return the commit that the branch leads to."""
        repository, branch = required(aws.context, "RepositoryName"), required(aws.context, "BranchName")
        return codecommit_api.commit_at(aws.client("codecommit"), repository, branch, None)

    def start(self, aws: Aws) -> Job:
        """Settle which commit this execution takes; it does not change any more."""
        context = aws.context
        repository, branch = (
            required(context, "RepositoryName"),
            check_branch(required(context, "BranchName")),
        )
        the_output(context)
        wants_clone(context)
        client = aws.client("codecommit")
        commit = overridden(context)
        if commit is None:
            commit = codecommit_api.commit_at(client, repository, branch, context.as_of)
        else:
            codecommit_api.commit(client, repository, commit)
        url = console.codecommit_commit(context.identity.region, repository, commit)
        return Job(external_execution_id=commit, external_execution_url=url, data={"commit": commit})

    def outputs(self, aws: Aws, job: Job) -> Outputs:
        """Write the artifact, and describe the commit."""
        context, client = aws.context, aws.client("codecommit")
        repository, branch = required(context, "RepositoryName"), required(context, "BranchName")
        commit = codecommit_api.commit(client, repository, job.data["commit"])
        artifact = msgspec.structs.replace(
            _write(aws, client, repository, commit),
            revision_id=commit.id,
            revision_summary=commit.summary(),
            revision_url=job.external_execution_url,
        )
        names = {"BranchName": branch, "RepositoryName": repository}
        return Outputs(
            variables=commit.variables() | names | {"CommitterDate": iso(commit.committer_date)},
            artifacts=(artifact,),
            summary=commit.summary(),
        )


def _write(aws: Aws, client: Any, repository: str, commit: Commit) -> ArtifactReference:
    if wants_clone(aws.context):
        location = codecommit_api.clone_url(client, repository)
        return write_clone(aws, CloneReference(source_type="CODECOMMIT", location=location), commit.id)
    if is_installed():
        remote = _remote(aws, codecommit_api.clone_url(client, repository))
        with open_repository(remote) as fetched:
            fetched.fetch(commit.id, required(aws.context, "BranchName"), contents=True)
            return write_zip(aws, fetched.archive(commit.id))
    with codecommit_api.archive(client, repository, commit.id) as file:
        return write_zip(aws, file)


def _remote(aws: Aws, url: str) -> Remote:
    connection = git_connection(aws.context)
    if connection is not None:
        return connection.remote(url, user="git")
    return Remote(url=url, login=aws.git_login(url))
