"""A change to a git repository, the same whoever told us of it, and what a provider's message says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from airflow_codepipeline.errors import CodePipelineError

if TYPE_CHECKING:
    from collections.abc import Iterable

PullRequestEvent = Literal["OPEN", "UPDATED", "CLOSED"]

BRANCH, TAG = "refs/heads/", "refs/tags/"
MOST_FILES = 100
"""How many changed files are looked at (CodePipeline user guide, triggers)."""
MESSAGE_CHARACTERS = 1024
"""How much of a commit's message is told."""
_Payload = TypeVar("_Payload")
_NO_COMMIT = frozenset("0")
_COMMIT_CHARACTERS = 40


class MalformedPayloadError(CodePipelineError):
    """A message whose sender is known, and that is not what this sender documents."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Authorship:
    """Who wrote a commit, and when, as the provider writes it."""

    name: str = ""
    email: str = ""
    date: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequest:
    """The pull request that a change is of.

    :param from_fork: whether its commits are in another repository, or in one that is gone.
    """

    number: int
    title: str
    event: PullRequestEvent
    source_branch: str
    destination_branch: str
    from_fork: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class GitChange:
    """One push of one branch or tag, or one event of a pull request.

    :param repository: `owner/name` as the provider writes it; empty where only addresses are known.
    :param urls: addresses that the repository is cloned from.
    :param ref: `refs/heads/…` or `refs/tags/…`; of a pull request: its source branch's.
    :param commit: what an execution takes: of a push the pushed commit, of a pull request the head of its
        source branch. Bitbucket abbreviates the latter.
    :param before: the commit that the ref led to before; none where the push created it.
    :param files: the changed files; none where the message does not have all of them.
    :param author: who changed it, as the provider calls them.
    :param written: of the commit.
    :param moment: what tells this change from an equal one at another time; of what its sender has signed.
    """

    repository: str
    commit: str
    ref: str
    urls: tuple[str, ...] = ()
    before: str | None = None
    files: tuple[str, ...] | None = None
    author: str = ""
    written: Authorship = Authorship()
    message: str = ""
    moment: str = ""
    pull_request: PullRequest | None = None

    @property
    def branch(self) -> str | None:
        """The branch that was pushed, or that a pull request comes from."""
        return self.ref.removeprefix(BRANCH) if self.ref.startswith(BRANCH) else None

    @property
    def tag(self) -> str | None:
        """The tag that was pushed."""
        return self.ref.removeprefix(TAG) if self.ref.startswith(TAG) else None

    @property
    def is_abbreviated(self) -> bool:
        """Whether the commit's id is not whole."""
        return len(self.commit) < _COMMIT_CHARACTERS

    @property
    def identity(self) -> str:
        """What is the same for the same change, however often and in whatever message we are told of it."""
        request = self.pull_request
        # Bitbucket calls a pull request updated where its text was edited: a commit of it counts once.
        what = [request.number, request.event == "CLOSED"] if request else [self.ref, self.before]
        whole = [self.repository, sorted(self.urls), *what, self.commit, self.moment]
        return hashlib.sha256(msgspec.json.encode(whole)).hexdigest()

    @property
    def variables(self) -> dict[str, str]:
        """What a source action says of it beside its commit (user guide, CodeStarSourceConnection)."""
        request = self.pull_request
        if request is not None:
            return {
                "BranchName": request.source_branch,
                "DestinationBranchName": request.destination_branch,
                "PullRequestId": str(request.number),
                "PullRequestTitle": request.title,
                "SourceBranchName": request.source_branch,
            }
        return {"TagName": self.tag} if self.tag is not None else {"BranchName": self.branch or ""}

    @property
    def details(self) -> dict[str, str]:
        """What is known of it, by AWS's names (`execution/change_details.py`)."""
        told = {
            "author-date": self.written.date,
            "author-display-name": self.written.name or self.author,
            "author-email": self.written.email,
            "author-id": self.author,
            "branch-name": self.branch or "",
            "commit-message": self.message[:MESSAGE_CHARACTERS],
            "full-repository-name": self.repository,
            "tag-name": self.tag or "",
        }
        return {name: value for name, value in told.items() if value}

    def __str__(self) -> str:
        place = self.repository or ", ".join(self.urls)
        who = f" by {self.author}" if self.author else ""
        request = self.pull_request
        if request is not None:
            done = {"OPEN": "opened", "UPDATED": "updated", "CLOSED": "closed"}[request.event]
            return (
                f"pull request {request.number} of {place} {done}{who}: {request.source_branch} into "
                f"{request.destination_branch}"
            )
        what = f"tag {self.tag}" if self.tag is not None else f"branch {self.branch}"
        return f"push to {what} of {place}{who}"


class PushedAuthor(msgspec.Struct):
    """Who wrote a commit, as GitHub and GitLab write it in their messages."""

    name: str | None = None
    email: str | None = None


class PushedCommit(msgspec.Struct):
    """A commit as GitHub and GitLab write it in their messages."""

    id: str
    message: str = ""
    timestamp: str | None = None
    author: PushedAuthor | None = None
    added: list[str] | None = None
    modified: list[str] | None = None
    removed: list[str] | None = None

    @property
    def authorship(self) -> Authorship:
        """Who wrote it, and when."""
        author = self.author or PushedAuthor()
        return Authorship(name=author.name or "", email=author.email or "", date=self.timestamp or "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What one message says.

    :param event: what its sender calls it.
    :param changes: what may start executions.
    :param ignored: why it has none, where that is as it should be.
    """

    event: str
    changes: tuple[GitChange, ...] = field(default=())
    ignored: str = ""


def decode(body: bytes, type_: type[_Payload]) -> _Payload:
    """Return a payload.

    :raises MalformedPayloadError: it is no JSON, or has not what it must have.
    """
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedPayloadError(f"The payload is not what it should be: {error}.") from error


def commit_or_none(commit: str | None) -> str | None:
    """Return a commit's id; none where a provider says by zeros that there is none."""
    return None if not commit or set(commit) == _NO_COMMIT else commit


def files_of(commits: Iterable[PushedCommit]) -> tuple[str, ...]:
    """Return the files that commits changed, the first `MOST_FILES` of them."""
    return distinct(
        name
        for commit in commits
        for names in (commit.added, commit.modified, commit.removed)
        for name in names or ()
    )


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Return names without repetitions, the first `MOST_FILES` of them."""
    return tuple(dict.fromkeys(names))[:MOST_FILES]
