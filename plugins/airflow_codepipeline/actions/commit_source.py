"""What the sources share that read a repository by git."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from airflow_codepipeline.actions.base import Job, Outputs
from airflow_codepipeline.actions.git_artifact import write_clone, write_zip
from airflow_codepipeline.actions.git_commit import Commit
from airflow_codepipeline.actions.git_remote import check_branch
from airflow_codepipeline.actions.git_repository import open_repository
from airflow_codepipeline.actions.git_revision import settle
from airflow_codepipeline.actions.immediate import Immediate
from airflow_codepipeline.actions.settings import the_output

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_codepipeline.actions.base import Aws
    from airflow_codepipeline.actions.git_remote import Remote
    from airflow_codepipeline.artifacts.reference import ArtifactReference, CloneReference


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where an action's commits come from.

    :param variables: the output variables that are the same for every commit.
    :param page: gives the address at which a person sees a commit.
    :param clone: what a full clone refers to; none: the artifact is a zip of the files.
    :param summary: gives the revision's summary.
    """

    remote: Remote
    branch: str
    variables: dict[str, str]
    page: Callable[[str], str]
    clone: CloneReference | None = None
    summary: Callable[[Commit], str] = Commit.summary


class CommitSource(Immediate, ABC):
    """Most of a provider: takes one commit of a repository that git reads."""

    knows_past = True

    @abstractmethod
    def origin(self, aws: Aws) -> Origin:
        """Return where the commits come from.

        :raises ActionError: the configuration cannot work.
        """

    @abstractmethod
    def variables(self, commit: Commit, page: str) -> dict[str, str]:
        """Return the output variables that only this type of action has of a commit."""

    def current(self, aws: Aws) -> str:
        """Return the commit that the branch leads to."""
        origin = self.origin(aws)
        with open_repository(origin.remote) as repository:
            return repository.head(check_branch(origin.branch))

    def start(self, aws: Aws) -> Job:
        """Settle which commit this execution takes; it does not change any more."""
        the_output(aws.context)
        origin = self.origin(aws)
        with open_repository(origin.remote) as repository:
            commit = settle(aws.context, repository, check_branch(origin.branch))
        url = origin.page(commit)
        return Job(external_execution_id=commit, external_execution_url=url, data={"commit": commit})

    def outputs(self, aws: Aws, job: Job) -> Outputs:
        """Write the artifact, and describe the commit."""
        origin = self.origin(aws)
        commit, written = _take(aws, origin, job.data["commit"])
        page, summary = origin.page(commit.id), origin.summary(commit)
        artifact = msgspec.structs.replace(
            written, revision_id=commit.id, revision_summary=summary, revision_url=page
        )
        variables = commit.variables() | origin.variables | self.variables(commit, page)
        variables |= {"BranchName": origin.branch} | aws.context.source_variables
        return Outputs(variables=variables, artifacts=(artifact,), summary=summary)


def _take(aws: Aws, origin: Origin, commit_id: str) -> tuple[Commit, ArtifactReference]:
    with open_repository(origin.remote) as repository:
        branch = aws.context.source_variables.get("BranchName", origin.branch)
        commit = repository.fetch(commit_id, branch, contents=origin.clone is None)
        if origin.clone is not None:
            return commit, write_clone(aws, origin.clone, commit.id)
        return commit, write_zip(aws, repository.archive(commit.id))
