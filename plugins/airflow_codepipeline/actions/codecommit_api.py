"""What a source reads of CodeCommit through its API."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.actions.git_commit import Commit, instant
from airflow_codepipeline.actions.git_program import bytes_to_use
from airflow_codepipeline.artifacts.bundle import zip_folder
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_UNAVAILABLE = "RevisionUnavailable"
_NO_COMMIT = frozenset({"CommitIdDoesNotExistException", "InvalidCommitIdException"})
_NO_BRANCH = frozenset({"BranchDoesNotExistException", "RepositoryDoesNotExistException"})


def commit(client: Any, repository: str, commit_id: str) -> Commit:
    """Return a commit.

    :raises ActionError: the repository has no such commit.
    """
    return _commit(_get(client, repository, commit_id))


def commit_at(client: Any, repository: str, branch: str, moment: datetime | None) -> str:
    """Return the commit a branch leads to, or the last that was made by `moment`, going by first parents.

    :raises ActionError: there is no such branch, or none of its commits is as old.
    """
    try:
        tip: str = client.get_branch(repositoryName=repository, branchName=branch)["branch"]["commitId"]
    except ActionError as error:
        if error.code not in _NO_BRANCH:
            raise
        raise ActionError(_UNAVAILABLE, f"CodeCommit has no branch {branch} of {repository}.") from error
    if moment is None:
        return tip
    for found in _first_parents(client, repository, tip):
        if found.committer_date <= moment:
            return found.id
    reason = f"The branch {branch} of {repository} has no commit by {moment.isoformat()}."
    raise ActionError(_UNAVAILABLE, reason)


def clone_url(client: Any, repository: str) -> str:
    """Return where a repository is cloned from."""
    metadata = client.get_repository(repositoryName=repository)["repositoryMetadata"]
    return str(metadata["cloneUrlHttp"])


@contextmanager
def archive(client: Any, repository: str, commit_id: str) -> Iterator[Path]:
    """Give a zip of a commit's files, fetched one by one; it is gone afterwards.

    :raises ActionError: a file is larger than the API gives, or all are more than the disk takes.
    """
    with tempfile.TemporaryDirectory(prefix="codepipeline-codecommit-") as scratch:
        tree, target = Path(scratch, "tree"), Path(scratch, "artifact.zip")
        tree.mkdir()
        left = bytes_to_use(tree)
        for path, blob, mode in _files(client, repository, commit_id, "/"):
            content = client.get_blob(repositoryName=repository, blobId=blob)["content"]
            left -= len(content)
            if left < 0:
                raise ActionError("JobFailed", f"{repository} takes too much of the worker's disk.")
            _write(tree / path, content, mode)
        with target.open("wb") as file:
            zip_folder(tree, file)
        yield target


def _get(client: Any, repository: str, commit_id: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = client.get_commit(repositoryName=repository, commitId=commit_id)["commit"]
    except ActionError as error:
        if error.code not in _NO_COMMIT:
            raise
        raise ActionError(_UNAVAILABLE, f"{repository} has no commit {commit_id}.") from error
    return found | {"commitId": commit_id}


def _commit(found: dict[str, Any]) -> Commit:
    author, committer = found["author"], found["committer"]
    return Commit(
        id=found["commitId"],
        author_name=author.get("name", ""),
        author_email=author.get("email", ""),
        # CodeCommit API, UserInfo: seconds since 1970 and the time zone.
        author_date=instant(author["date"].split()[0]),
        committer_date=instant(committer["date"].split()[0]),
        message=found.get("message", "").rstrip("\n"),
    )


def _first_parents(client: Any, repository: str, tip: str) -> Iterator[Commit]:
    following: str | None = tip
    while following is not None:
        found = _get(client, repository, following)
        yield _commit(found)
        following = next(iter(found.get("parents", ())), None)


def _files(client: Any, repository: str, commit_id: str, folder: str) -> Iterator[tuple[str, str, str]]:
    """Yield path, blob and mode of every file; submodules are no files."""
    found = client.get_folder(repositoryName=repository, commitSpecifier=commit_id, folderPath=folder)
    for entry in (*found.get("files", ()), *found.get("symbolicLinks", ())):
        yield entry["absolutePath"], entry["blobId"], entry.get("fileMode", "NORMAL")
    for entry in found.get("subFolders", ()):
        yield from _files(client, repository, commit_id, entry["absolutePath"])


def _write(path: Path, content: bytes, mode: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if mode == "SYMLINK":
        path.symlink_to(content.decode())
        return
    path.write_bytes(content)
    path.chmod(0o755 if mode == "EXECUTABLE" else 0o644)
