"""Commits that are made through an API, without a working tree."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded_aws.git.program import GitError, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded_aws.git.repository import Repository

_NOTHING = "0" * 40


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a commit does to one file.

    :param blob: the id of its new content, None to remove the file.
    :param mode: in octal digits.
    """

    path: str
    blob: str | None
    mode: str = "100644"


@dataclass(frozen=True, kw_only=True)
class Author:
    """Who makes a commit."""

    name: str
    email: str


def write_blob(repository: Repository, content: bytes) -> str:
    """Store the content of a file; its id."""
    return run(repository.folder, "hash-object", "-w", "--stdin", given=content).decode().strip()


def write_commit(
    repository: Repository, *, parent: str | None, changes: Sequence[Change], message: str, author: Author
) -> str:
    """Store a commit that makes `changes` to its parent; its id. No branch leads to it yet.

    :raises GitError: a path is not allowed.
    """
    with tempfile.TemporaryDirectory(prefix="git-index-") as scratch:
        index = {"GIT_INDEX_FILE": os.path.join(scratch, "index")}
        if parent is not None:
            run(repository.folder, "read-tree", parent, variables=index)
        lines = "".join(_line(change) for change in changes).encode(errors="surrogateescape")
        run(repository.folder, "update-index", "-z", "--index-info", given=lines, variables=index)
        tree = run(repository.folder, "write-tree", variables=index).decode().strip()
    parents = ("-p", parent) if parent is not None else ()
    return (
        run(
            repository.folder,
            "commit-tree", tree, *parents, "-F", "-",
            given=message.encode(), variables=_identity(author),
        )
        .decode()
        .strip()
    )  # fmt: skip


def _line(change: Change) -> str:
    # `update-index --index-info` passes over such a path in silence.
    if any(part.lower() in {"", ".", "..", ".git"} for part in change.path.split("/")):
        raise GitError(f"The path {change.path!r} leads out of the repository, or into git's own folder")
    if change.blob is None:
        return f"0 {_NOTHING}\t{change.path}\0"
    return f"{change.mode} {change.blob}\t{change.path}\0"


def _identity(author: Author) -> dict[str, str]:
    date = f"{int(time.time())} +0000"
    return {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", author.name), ("EMAIL", author.email), ("DATE", date))
    }
