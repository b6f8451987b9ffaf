"""The operations on repositories and branches (CodeCommit API)."""

from __future__ import annotations

import re
import shutil
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedded_aws.codecommit.metadata import arn_of, metadata_of, write_metadata
from embedded_aws.errors import ServiceError
from embedded_aws.git.places import codecommit_path
from embedded_aws.git.program import GitError
from embedded_aws.git.received import Update
from embedded_aws.git.repository import Repository

if TYPE_CHECKING:
    from embedded_aws.caller import Caller
    from embedded_aws.codecommit.announcing import Announcements
    from embedded_aws.git.places import Places

_NAME = re.compile(r"[A-Za-z0-9_][\w.-]{0,99}", re.ASCII)
_PAGE = 1000


@dataclass(frozen=True, kw_only=True)
class Repositories:
    """CreateRepository to UpdateDefaultBranch.

    :param url: the gateway's, for the addresses to clone from.
    """

    places: Places
    url: str
    announcements: Announcements

    def create(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """CreateRepository."""
        name = _checked(parameters["repositoryName"])
        description = parameters.get("repositoryDescription", "")
        try:
            made = Repository.make(self.places.codecommit(caller.account, caller.region, name).folder)
        except FileExistsError:
            message = f"Repository named {name} already exists"
            raise ServiceError("RepositoryNameExistsException", message) from None
        write_metadata(made, description)
        return {"repositoryMetadata": self._document(caller, name)}

    def get(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """GetRepository."""
        self.find(caller, parameters)
        return {"repositoryMetadata": self._document(caller, parameters["repositoryName"])}

    def batch_get(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """BatchGetRepositories."""
        names = [_checked(name) for name in parameters["repositoryNames"]]
        known = [name for name in names if name in self._names(caller)]
        return {
            "repositories": [self._document(caller, name) for name in known],
            "repositoriesNotFound": [name for name in names if name not in known],
            "errors": [],
        }

    def list_repositories(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """ListRepositories."""
        documents = [self._document(caller, name) for name in self._names(caller)]
        key = parameters.get("sortBy", "repositoryName")
        documents.sort(key=lambda item: item[key], reverse=parameters.get("order") == "descending")
        return _page("repositories", documents, parameters)

    def delete(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """DeleteRepository: of one that is not there, too."""
        name = _checked(parameters["repositoryName"])
        repository = self.places.codecommit(caller.account, caller.region, name)
        if not repository.exists:
            return {}
        metadata = metadata_of(repository)
        gone = repository.folder.with_name(f".gone-{uuid.uuid4()}")
        repository.folder.rename(gone)
        shutil.rmtree(gone)
        return {"repositoryId": metadata.id}

    def list_branches(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """ListBranches."""
        return _page("branches", list(self.find(caller, parameters).branches()), parameters)

    def get_branch(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """GetBranch."""
        branch, repository = parameters.get("branchName"), self.find(caller, parameters)
        if not branch:
            raise ServiceError("BranchNameRequiredException", "A branch name is required")
        return {"branch": {"branchName": branch, "commitId": commit_of(repository, branch)}}

    def create_branch(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """CreateBranch."""
        branch, repository = parameters["branchName"], self.find(caller, parameters)
        if branch in repository.branches():
            raise ServiceError("BranchNameExistsException", f"Branch {branch} already exists")
        commit = repository.resolve(parameters["commitId"])
        if commit is None:
            message = f"Commit {parameters['commitId']} does not exist"
            raise ServiceError("CommitDoesNotExistException", message)
        try:
            repository.set_branch(branch, commit, None)
        except GitError as error:
            raise ServiceError("InvalidBranchNameException", str(error)) from error
        self.announce(caller, parameters, before=None, after=commit)
        return {}

    def update_default_branch(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """UpdateDefaultBranch."""
        branch, repository = parameters["defaultBranchName"], self.find(caller, parameters)
        commit_of(repository, branch)
        repository.set_default_branch(branch)
        return {}

    def find(self, caller: Caller, parameters: dict[str, Any]) -> Repository:
        """The repository that an operation's parameters name.

        :raises ServiceError: RepositoryDoesNotExistException, or the name is none.
        """
        name = parameters.get("repositoryName")
        if not name:
            raise ServiceError("RepositoryNameRequiredException", "A repository name is required")
        repository = self.places.codecommit(caller.account, caller.region, _checked(name))
        if not repository.exists:
            raise ServiceError("RepositoryDoesNotExistException", f"{name} does not exist")
        return repository

    def announce(self, caller: Caller, parameters: dict[str, Any], *, before: str | None, after: str) -> None:
        """Say that the branch that an operation's parameters name has changed."""
        update = Update(name=f"refs/heads/{parameters['branchName']}", before=before, after=after)
        self.announcements.announce(caller.account, caller.region, parameters["repositoryName"], update)

    def _names(self, caller: Caller) -> list[str]:
        folder = self.places.codecommit_folder(caller.account, caller.region)
        return sorted(path.stem for path in folder.glob("[!.]*.git"))

    def _document(self, caller: Caller, name: str) -> dict[str, Any]:
        repository = self.places.codecommit(caller.account, caller.region, name)
        metadata, branch = metadata_of(repository), repository.default_branch()
        branches = repository.branches().values()
        dates = [float(repository.commit(commit).committer.date.split()[0]) for commit in branches]
        path = codecommit_path(caller.account, caller.region, name)
        return {
            "accountId": caller.account,
            "repositoryId": metadata.id,
            "repositoryName": name,
            "repositoryDescription": metadata.description,
            "lastModifiedDate": max([metadata.created, *dates]),
            "creationDate": metadata.created,
            "cloneUrlHttp": self.url + path,
            "cloneUrlSsh": f"ssh://git-codecommit.{caller.region}.amazonaws.com{path}",
            "Arn": arn_of(caller.account, caller.region, name),
        } | ({"defaultBranch": branch} if branch else {})


def commit_of(repository: Repository, branch: str) -> str:
    """The commit that a branch leads to.

    :raises ServiceError: BranchDoesNotExistException.
    """
    commit = repository.branches().get(branch)
    if commit is None:
        raise ServiceError("BranchDoesNotExistException", f"Branch {branch} does not exist")
    return commit


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or name.endswith(".git"):
        message = f"Repository name '{name}' does not match {_NAME.pattern} or ends in .git"
        raise ServiceError("InvalidRepositoryNameException", message)
    return name


def _page(member: str, items: list[Any], parameters: dict[str, Any]) -> dict[str, Any]:
    token = parameters.get("nextToken") or "0"
    if not token.isdecimal():
        raise ServiceError("InvalidContinuationTokenException", "The continuation token is not valid")
    end = int(token) + _PAGE
    return {member: items[int(token) : end]} | ({"nextToken": str(end)} if end < len(items) else {})
