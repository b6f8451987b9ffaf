"""The operations on commits, folders and files (CodeCommit API)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedded_aws.codecommit.repositories import commit_of
from embedded_aws.errors import ServiceError
from embedded_aws.git.program import GitError
from embedded_aws.git.writing import Author, Change, write_blob, write_commit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded_aws.caller import Caller
    from embedded_aws.codecommit.repositories import Repositories
    from embedded_aws.git.repository import Commit, Entry, Repository

_MODES = {"NORMAL": "100644", "EXECUTABLE": "100755", "SYMLINK": "120000"}
_MODE_NAMES = {mode: name for name, mode in _MODES.items()}
# CodeCommit API, GetFile and GetBlob: a larger file is to be read by git.
_LARGEST_FILE = 6 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Contents:
    """GetCommit to CreateCommit."""

    repositories: Repositories

    def get_commit(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """GetCommit: by its full id."""
        repository, commit_id = self.repositories.find(caller, parameters), parameters["commitId"]
        if repository.resolve(commit_id) != commit_id:
            raise ServiceError("CommitIdDoesNotExistException", f"Commit {commit_id} does not exist")
        return {"commit": _commit_document(repository.commit(commit_id))}

    def get_folder(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """GetFolder."""
        repository = self.repositories.find(caller, parameters)
        commit, path = _commit(repository, parameters), parameters["folderPath"].strip("/")
        entries = repository.entries(commit, path)
        if entries is None:
            raise ServiceError("FolderDoesNotExistException", f"Folder {path} does not exist")
        return {
            "commitId": commit,
            "folderPath": path,
            "treeId": repository.id_at(commit, path, "tree"),
            "subFolders": [_listed(path, one, "treeId") for one in entries if one.kind == "tree"],
            "files": [_file(path, one) for one in entries if one.mode in ("100644", "100755")],
            "symbolicLinks": [_file(path, one) for one in entries if one.mode == "120000"],
            "subModules": [_listed(path, one, "commitId") for one in entries if one.kind == "commit"],
        }

    def get_file(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """GetFile."""
        repository = self.repositories.find(caller, parameters)
        commit, path = _commit(repository, parameters), parameters["filePath"].strip("/")
        folder, _, name = path.rpartition("/")
        entries = repository.entries(commit, folder) or []
        entry = next((one for one in entries if one.name == name and one.kind == "blob"), None)
        if entry is None:
            raise ServiceError("FileDoesNotExistException", f"File {path} does not exist")
        content = _content(repository, entry.id)
        return {
            "commitId": commit,
            "blobId": entry.id,
            "filePath": path,
            "fileMode": _MODE_NAMES[entry.mode],
            "fileSize": len(content),
            "fileContent": content,
        }

    def get_blob(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """GetBlob."""
        repository, blob = self.repositories.find(caller, parameters), parameters["blobId"]
        try:
            return {"content": _content(repository, blob)}
        except GitError as error:
            raise ServiceError("BlobIdDoesNotExistException", f"Blob {blob} does not exist") from error

    def put_file(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """PutFile: one file, one commit."""
        repository = self.repositories.find(caller, parameters)
        blob = write_blob(repository, parameters["fileContent"])
        mode = _MODES[parameters.get("fileMode", "NORMAL")]
        change = Change(path=parameters["filePath"].strip("/"), blob=blob, mode=mode)
        author = _author(caller, parameters.get("name"), parameters)
        commit = self._advance(caller, parameters, [change], author)
        return {"commitId": commit, "blobId": blob, "treeId": repository.commit(commit).tree}

    def create_commit(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """CreateCommit: files to put and to delete; without moves and changes of modes alone."""
        repository = self.repositories.find(caller, parameters)
        put = [_put(repository, entry) for entry in parameters.get("putFiles", ())]
        deleted = [
            Change(path=entry["filePath"].strip("/"), blob=None)
            for entry in parameters.get("deleteFiles", ())
        ]
        if parameters.get("setFileModes") or not put + deleted:
            message = "The embedded CodeCommit needs putFiles or deleteFiles, and has no setFileModes"
            raise ServiceError("FileEntryRequiredException", message)
        author = _author(caller, parameters.get("authorName"), parameters)
        commit = self._advance(caller, parameters, [*put, *deleted], author)
        return {
            "commitId": commit,
            "treeId": repository.commit(commit).tree,
            "filesAdded": [_changed(change) for change in put],
            "filesUpdated": [],
            "filesDeleted": [_changed(change) for change in deleted],
        }

    def _advance(
        self, caller: Caller, parameters: dict[str, Any], changes: Sequence[Change], author: Author
    ) -> str:
        """Commit changes to a branch, and say so."""
        repository = self.repositories.find(caller, parameters)
        before = repository.branches().get(parameters["branchName"])
        commit = _advance(repository, parameters, changes, author)
        self.repositories.announce(caller, parameters, before=before, after=commit)
        return commit


def _commit(repository: Repository, parameters: dict[str, Any]) -> str:
    specifier = parameters.get("commitSpecifier") or repository.default_branch() or "HEAD"
    commit = repository.resolve(specifier)
    if commit is None:
        raise ServiceError("CommitDoesNotExistException", f"Commit {specifier} does not exist")
    return commit


def _commit_document(commit: Commit) -> dict[str, Any]:
    return {
        "commitId": commit.id,
        "treeId": commit.tree,
        "parents": list(commit.parents),
        "message": commit.message,
        "author": vars(commit.author),
        "committer": vars(commit.committer),
        "additionalData": "",
    }


def _listed(folder: str, entry: Entry, id_member: str) -> dict[str, Any]:
    path = f"{folder}/{entry.name}" if folder else entry.name
    return {id_member: entry.id, "absolutePath": path, "relativePath": entry.name}


def _file(folder: str, entry: Entry) -> dict[str, Any]:
    return _listed(folder, entry, "blobId") | {"fileMode": _MODE_NAMES[entry.mode]}


def _content(repository: Repository, blob: str) -> bytes:
    content = repository.blob(blob)
    if len(content) > _LARGEST_FILE:
        raise ServiceError("FileTooLargeException", f"The file has more than {_LARGEST_FILE} bytes")
    return content


def _put(repository: Repository, entry: dict[str, Any]) -> Change:
    if "fileContent" not in entry:
        message = f"The embedded CodeCommit needs the fileContent of {entry['filePath']}"
        raise ServiceError("SourceFileOrContentRequiredException", message)
    return Change(
        path=entry["filePath"].strip("/"),
        blob=write_blob(repository, entry["fileContent"]),
        mode=_MODES[entry.get("fileMode", "NORMAL")],
    )


def _changed(change: Change) -> dict[str, Any]:
    document = {"absolutePath": change.path, "fileMode": _MODE_NAMES[change.mode]}
    return document | ({"blobId": change.blob} if change.blob else {})


def _author(caller: Caller, name: str | None, parameters: dict[str, Any]) -> Author:
    # CodeCommit API, PutFile: without a name, that of whoever calls.
    return Author(name=name or caller.access_key or "test", email=parameters.get("email") or "test@localhost")


def _advance(
    repository: Repository, parameters: dict[str, Any], changes: Sequence[Change], author: Author
) -> str:
    branch, parent = parameters["branchName"], parameters.get("parentCommitId")
    if repository.branches():
        _check_parent(parent, commit_of(repository, branch))
    elif parent is not None:
        raise ServiceError("ParentCommitDoesNotExistException", f"Commit {parent} does not exist")
    message = parameters.get("commitMessage") or f"Change {', '.join(change.path for change in changes)}"
    try:
        commit = write_commit(repository, parent=parent, changes=changes, message=message, author=author)
        repository.set_branch(branch, commit, parent)
    except GitError as error:
        raise ServiceError("InvalidPathException", str(error)) from error
    repository.settle_head()
    return commit


def _check_parent(parent: str | None, tip: str) -> None:
    if parent is None:
        raise ServiceError("ParentCommitIdRequiredException", f"A parent commit is required: {tip}")
    if parent != tip:
        message = f"The parent commit {parent} is outdated: the branch is at {tip}"
        raise ServiceError("ParentCommitIdOutdatedException", message)
