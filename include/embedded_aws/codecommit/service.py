"""CodeCommit as a service of the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded_aws.codecommit.contents import Contents
from embedded_aws.codecommit.repositories import Repositories
from embedded_aws.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded_aws.caller import Caller
    from embedded_aws.codecommit.announcing import Announcements
    from embedded_aws.git.places import Places


class CodeCommit:
    """Repositories, branches, commits and files; no pull requests, comments, triggers or approval rules."""

    name = "codecommit"
    invalid_input = "ValidationException"

    def __init__(self, *, places: Places, url: str, announcements: Announcements) -> None:
        self._repositories = Repositories(places=places, url=url, announcements=announcements)
        self._contents = Contents(repositories=self._repositories)

    def operations(self) -> Mapping[str, Callable[[Caller, dict[str, Any]], dict[str, Any]]]:
        """What is implemented."""
        repositories, contents = self._repositories, self._contents
        return {
            "BatchGetRepositories": repositories.batch_get,
            "CreateBranch": repositories.create_branch,
            "CreateCommit": contents.create_commit,
            "CreateRepository": repositories.create,
            "DeleteRepository": repositories.delete,
            "GetBlob": contents.get_blob,
            "GetBranch": repositories.get_branch,
            "GetCommit": contents.get_commit,
            "GetFile": contents.get_file,
            "GetFolder": contents.get_folder,
            "GetRepository": repositories.get,
            "ListBranches": repositories.list_branches,
            "ListRepositories": repositories.list_repositories,
            "PutFile": contents.put_file,
            "UpdateDefaultBranch": repositories.update_default_branch,
        }

    def not_here(self, operation: str) -> ServiceError:
        """Say that the embedded CodeCommit cannot do it."""
        message = f"The embedded CodeCommit has no {operation}; docs/embedded-aws.md lists what it has"
        return ServiceError("OperationNotAllowedException", message)
