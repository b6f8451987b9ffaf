"""Bitbucket Cloud's webhooks (Bitbucket documentation, "Event payloads")."""

from __future__ import annotations

from email.utils import parseaddr
from typing import TYPE_CHECKING

import msgspec

from airflow_codepipeline.changes.git_change import (
    BRANCH,
    TAG,
    Authorship,
    GitChange,
    Message,
    PullRequest,
    decode,
)
from airflow_codepipeline.definition.layout import lay_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.changes.git_change import PullRequestEvent

# A pull request that was declined is no event of CodePipeline's: of Bitbucket it knows merges alone.
_EVENTS: dict[str, PullRequestEvent] = {
    "pullrequest:created": "OPEN",
    "pullrequest:updated": "UPDATED",
    "pullrequest:fulfilled": "CLOSED",
}


class _Link(msgspec.Struct):
    href: str = ""


class _Links(msgspec.Struct):
    html: _Link = msgspec.field(default_factory=_Link)


class _Repository(msgspec.Struct):
    full_name: str
    links: _Links = msgspec.field(default_factory=_Links)


class _Account(msgspec.Struct):
    nickname: str = ""
    display_name: str = ""


class _Author(msgspec.Struct):
    raw: str = ""


class _Commit(msgspec.Struct):
    hash: str
    message: str = ""
    date: str | None = None
    author: _Author | None = None

    @property
    def authorship(self) -> Authorship:
        """Who wrote it, and when."""
        name, email = parseaddr(self.author.raw if self.author else "")
        return Authorship(name=name, email=email, date=self.date or "")


class _Ref(msgspec.Struct):
    type: str
    name: str
    target: _Commit


class _Change(msgspec.Struct):
    new: _Ref | None = None
    old: _Ref | None = None


class _Changes(msgspec.Struct):
    changes: list[_Change]


class _Push(msgspec.Struct):
    push: _Changes
    repository: _Repository
    actor: _Account = msgspec.field(default_factory=_Account)


class _Name(msgspec.Struct):
    name: str


class _End(msgspec.Struct):
    branch: _Name
    commit: _Commit | None = None
    repository: _Repository | None = None


class _PullRequest(msgspec.Struct):
    id: int
    title: str
    source: _End
    destination: _End


class _PullRequestEvent(msgspec.Struct):
    pullrequest: _PullRequest
    repository: _Repository
    actor: _Account = msgspec.field(default_factory=_Account)


lay_out(_Push, _PullRequestEvent)

_REFS = {"branch": BRANCH, "tag": TAG}


def read(headers: Mapping[str, str], body: bytes) -> Message:
    """Return what a message says. One push may have changed several branches and tags.

    :param headers: by their names in lower case.
    :raises MalformedPayloadError: its payload is none of its event.
    """
    event = headers["x-event-key"]
    if event == "repo:push":
        return _push(event, decode(body, _Push))
    if event in _EVENTS:
        return _pull_request(event, decode(body, _PullRequestEvent))
    return Message(event=event, ignored=f"Events of the kind {event} start nothing.")


def _push(event: str, push: _Push) -> Message:
    changes = tuple(
        GitChange(
            repository=push.repository.full_name,
            urls=_urls(push.repository),
            ref=f"{_REFS[one.new.type]}{one.new.name}",
            commit=one.new.target.hash,
            before=one.old.target.hash if one.old else None,
            author=_name(push.actor),
            message=one.new.target.message,
            written=one.new.target.authorship,
        )
        for one in push.push.changes
        if one.new is not None and one.new.type in _REFS
    )
    return Message(event=event, changes=changes, ignored="" if changes else "Refs were deleted.")


def _pull_request(event: str, payload: _PullRequestEvent) -> Message:
    request = payload.pullrequest
    source, destination = request.source, request.destination
    if source.commit is None:
        return Message(event=event, ignored=f"The pull request {request.id} has no commit.")
    change = GitChange(
        repository=payload.repository.full_name,
        urls=_urls(payload.repository),
        ref=f"{BRANCH}{source.branch.name}",
        commit=source.commit.hash,
        author=_name(payload.actor),
        message=request.title,
        pull_request=PullRequest(
            number=request.id,
            title=request.title,
            event=_EVENTS[event],
            source_branch=source.branch.name,
            destination_branch=destination.branch.name,
            from_fork=source.repository is None
            or source.repository.full_name != payload.repository.full_name,
        ),
    )
    return Message(event=event, changes=(change,))


def _name(account: _Account) -> str:
    return account.nickname or account.display_name


def _urls(repository: _Repository) -> tuple[str, ...]:
    return tuple(filter(None, (repository.links.html.href,)))
