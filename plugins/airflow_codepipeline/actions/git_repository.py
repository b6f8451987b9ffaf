"""Reads one commit of a repository somewhere else: no history, and no file that is not wanted."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_codepipeline.actions.git_commit import Commit, instant
from airflow_codepipeline.actions.git_errors import is_unadvertised
from airflow_codepipeline.actions.git_program import GitProgram, scratch
from airflow_codepipeline.actions.git_remote import check_branch, check_commit
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from airflow_codepipeline.actions.git_remote import Remote

_UNAVAILABLE = "RevisionUnavailable"
_FORMAT = "%an%x00%ae%x00%at%x00%ct%x00%B"
# Artifacts hold what is in the repository: its own wishes for `git archive` are for its releases.
_ATTRIBUTES = "* -export-ignore -export-subst\n"


class GitRepository:
    """A repository, as far as one action needs it."""

    def __init__(self, git: GitProgram, remote: Remote) -> None:
        self._git, self._remote = git, remote

    def head(self, branch: str) -> str:
        """Return the commit that a branch leads to now.

        :raises ActionError: there is no such branch.
        """
        ref = f"refs/heads/{check_branch(branch)}"
        for line in self._git.run("ls-remote", "--", self._remote.url, ref).decode().splitlines():
            commit, _, name = line.partition("\t")
            if name == ref:
                return check_commit(commit)
        raise ActionError(_UNAVAILABLE, f"{self._remote.url} has no branch {branch}.")

    def at(self, branch: str, moment: datetime) -> str:
        """Return the last commit of a branch that was made by then, going by first parents.

        Git does not keep when a commit was pushed; its committer's clock has to do.

        :raises ActionError: there is no such branch, or none of its commits is as old.
        """
        ref = f"refs/heads/{check_branch(branch)}"
        self._begin()
        self._git.run("fetch", "--quiet", "--no-tags", "--filter=tree:0", "origin", f"+{ref}:{ref}")
        age = f"--min-age={int(moment.timestamp())}"
        found = self._git.run("rev-list", "--max-count=1", "--first-parent", age, ref, "--").decode().strip()
        if not found:
            reason = f"The branch {branch} of {self._remote.url} has no commit by {moment.isoformat()}."
            raise ActionError(_UNAVAILABLE, reason)
        return check_commit(found)

    def fetch(self, commit: str, branch: str, *, contents: bool) -> Commit:
        """Fetch one commit; return what it says.

        :param branch: fetched whole where the server gives branches only.
        :param contents: whether its files are wanted too.
        :raises ActionError: there is no such commit.
        """
        self._begin()
        everything = () if contents else ("--filter=tree:0",)
        shallow = ("fetch", "--quiet", "--no-tags", "--depth=1", *everything, "origin", check_commit(commit))
        try:
            self._git.run(*shallow)
        except ActionError as error:
            if not is_unadvertised(error):
                raise
            self._fetch_branch(commit, branch)
        return self._describe(commit)

    def archive(self, commit: str) -> Path:
        """Return a zip of the files of a commit that was fetched; it is gone with the repository."""
        (self._git.folder / "info").mkdir(exist_ok=True)
        (self._git.folder / "info" / "attributes").write_text(_ATTRIBUTES)
        target = self._git.folder / "artifact.zip"
        self._git.run("archive", "--format=zip", f"--output={target}", check_commit(commit))
        return target

    def _begin(self) -> None:
        self._git.run("init", "--quiet", "--bare", "--template=", ".")
        self._git.run("config", "remote.origin.url", self._remote.url)

    def _fetch_branch(self, commit: str, branch: str) -> None:
        ref = f"refs/heads/{check_branch(branch)}"
        self._git.run("fetch", "--quiet", "--no-tags", "origin", f"+{ref}:{ref}")
        if not self._git.run("rev-list", "--max-count=1", "--ignore-missing", commit, "--").strip():
            raise ActionError(
                _UNAVAILABLE, f"The branch {branch} of {self._remote.url} has no commit {commit}."
            )

    def _describe(self, commit: str) -> Commit:
        text = self._git.run(
            "log", "--max-count=1", "--encoding=UTF-8", f"--format={_FORMAT}", commit, "--"
        ).decode(errors="replace")
        name, email, authored, committed, message = text.split("\0", 4)
        return Commit(
            id=commit,
            author_name=name,
            author_email=email,
            author_date=instant(authored),
            committer_date=instant(committed),
            message=message.rstrip("\n"),
        )


@contextmanager
def open_repository(remote: Remote) -> Iterator[GitRepository]:
    """Give a repository for a while; what was fetched is gone afterwards."""
    with scratch(remote.url, remote.settings) as git:
        yield GitRepository(git, remote)
