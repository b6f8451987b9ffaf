"""One bare repository, as far as the services read it."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from embedded_aws.git.program import GitError, run

_NAME_OF_COMMIT = re.compile(r"\w[\w./+-]*")
_SIGNATURE = re.compile(r"(?P<name>.*?) ?<(?P<email>[^>]*)> (?P<date>\d+ [+-]\d{4})")
_HEADS = "refs/heads/"
# What AWS and the hosters of git let a client do: take one commit by its id, and leave out what it needs not.
_SETTINGS = {
    "http.receivepack": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "uploadpack.allowFilter": "true",
}


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Who did something to a commit; `date` is git's: seconds since 1970 and the time zone."""

    name: str
    email: str
    date: str


@dataclass(frozen=True, kw_only=True)
class Commit:
    """What stands in a commit."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of a tree; `mode` in octal digits."""

    name: str
    mode: str
    kind: str
    id: str


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A bare repository in a folder of its own."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Repository:
        """Make an empty one; whoever looks sees it whole or not at all.

        :raises FileExistsError: there is something already.
        """
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
        try:
            run(scratch, "init", "--quiet", "--bare", "--initial-branch=main", ".")
            for name, value in _SETTINGS.items():
                run(scratch, "config", name, value)
            scratch.chmod(0o755)
            scratch.rename(folder)
        except OSError as error:
            raise FileExistsError(folder) from error
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return cls(folder=folder)

    @property
    def exists(self) -> bool:
        """Whether it has been made."""
        return (self.folder / "HEAD").is_file()

    def branches(self) -> dict[str, str]:
        """The commit of each branch, by name."""
        text = run(self.folder, "for-each-ref", "--format=%(objectname) %(refname)", _HEADS).decode()
        lines = (line.split(" ", 1) for line in text.splitlines())
        return {name.removeprefix(_HEADS): commit for commit, name in lines}

    def default_branch(self) -> str | None:
        """The branch that a clone checks out, None in an empty repository."""
        head, branches = self._head(), self.branches()
        return head if head in branches else next(iter(branches), None)

    def settle_head(self) -> None:
        """After a push: let HEAD lead to a branch that exists, as CodeCommit does."""
        branch = self.default_branch()
        if branch is not None and branch != self._head():
            self.set_default_branch(branch)

    def set_default_branch(self, branch: str) -> None:
        """Let HEAD lead to `branch`."""
        run(self.folder, "symbolic-ref", "HEAD", _HEADS + branch)

    def set_branch(self, branch: str, commit: str, before: str | None) -> None:
        """Let `branch` lead to `commit`.

        :param before: where it led until now, None for a new branch.
        :raises GitError: the name is not allowed, or the branch has moved meanwhile.
        """
        run(self.folder, "check-ref-format", "--branch", branch)
        run(self.folder, "update-ref", _HEADS + branch, commit, before or "0" * 40)

    def resolve(self, specifier: str) -> str | None:
        """The id of the commit that a branch, a tag, HEAD or an id means, None when there is none."""
        if not _NAME_OF_COMMIT.fullmatch(specifier) or ".." in specifier:
            return None
        for name in (_HEADS + specifier, "refs/tags/" + specifier, specifier):
            try:
                found = run(self.folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
            except GitError:
                continue
            return found.decode().strip()
        return None

    def commit(self, commit_id: str) -> Commit:
        """A commit that is known to be there."""
        raw = run(self.folder, "cat-file", "commit", commit_id).decode(errors="replace")
        head, _, message = raw.partition("\n\n")
        # Lines that go on, those of a signature, start with a space.
        lines = [line.partition(" ") for line in head.splitlines() if not line.startswith(" ")]
        values = {key: value for key, _, value in lines}
        return Commit(
            id=commit_id,
            tree=values["tree"],
            parents=tuple(value for key, _, value in lines if key == "parent"),
            author=_signature(values["author"]),
            committer=_signature(values["committer"]),
            message=message,
        )

    def entries(self, commit_id: str, path: str) -> list[Entry] | None:
        """What a folder holds, None when it is no folder; the root is the empty path."""
        tree = self.id_at(commit_id, path, "tree")
        if tree is None:
            return None
        lines = run(self.folder, "ls-tree", "-z", tree).decode(errors="surrogateescape").split("\0")
        found = []
        for line in filter(None, lines):
            meta, _, name = line.partition("\t")
            mode, kind, entry_id = meta.split()
            found.append(Entry(name=name, mode=mode, kind=kind, id=entry_id))
        return found

    def id_at(self, commit_id: str, path: str, kind: str) -> str | None:
        """The id of the blob or tree at a path, None when there is nothing of that kind."""
        # The syntax <commit>:<path> takes no ^{kind} behind it: a path may end like that.
        try:
            found = run(self.folder, "rev-parse", "--verify", "--quiet", f"{commit_id}:{path}").decode()
        except GitError:
            return None
        is_kind = run(self.folder, "cat-file", "-t", found.strip()).decode().strip() == kind
        return found.strip() if is_kind else None

    def blob(self, blob_id: str) -> bytes:
        """The content of a file.

        :raises GitError: there is no such blob.
        """
        return run(self.folder, "cat-file", "blob", blob_id)

    def _head(self) -> str:
        return run(self.folder, "symbolic-ref", "HEAD").decode().strip().removeprefix(_HEADS)


def _signature(text: str) -> Signature:
    match = _SIGNATURE.fullmatch(text)
    if match is None:
        return Signature(name=text, email="", date="0 +0000")
    return Signature(name=match["name"], email=match["email"], date=match["date"])
