"""GitHub's webhooks, as Gitea and Forgejo send them too (GitHub documentation, "Webhook events")."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from airflow_codepipeline.changes.git_change import (
    BRANCH,
    Authorship,
    GitChange,
    Message,
    PullRequest,
    PushedCommit,
    commit_or_none,
    decode,
    files_of,
)
from airflow_codepipeline.definition.layout import lay_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.changes.git_change import PullRequestEvent

MOST_COMMITS = 2048
"""How many commits a push's payload has at most; of more the rest is left out."""
_EVENTS: dict[str, PullRequestEvent] = {
    "opened": "OPEN",
    "synchronize": "UPDATED",
    "synchronized": "UPDATED",  # Gitea's spelling
    "closed": "CLOSED",
}


class _Repository(msgspec.Struct):
    full_name: str
    clone_url: str = ""
    html_url: str = ""
    pushed_at: int | str | None = None


class _User(msgspec.Struct):
    login: str = ""
    name: str | None = None


class _Push(msgspec.Struct):
    ref: str
    before: str
    after: str
    repository: _Repository
    commits: list[PushedCommit] | None = None
    head_commit: PushedCommit | None = None
    pusher: _User = msgspec.field(default_factory=_User)
    sender: _User = msgspec.field(default_factory=_User)


class _End(msgspec.Struct):
    ref: str
    sha: str
    repo: _Repository | None = None


class _PullRequest(msgspec.Struct):
    title: str
    head: _End
    base: _End
    updated_at: str | None = None


class _PullRequestEvent(msgspec.Struct):
    action: str
    number: int
    pull_request: _PullRequest
    repository: _Repository
    sender: _User = msgspec.field(default_factory=_User)


lay_out(_Push, _PullRequestEvent)


def read(headers: Mapping[str, str], body: bytes) -> Message:
    """Return what a message says.

    :param headers: by their names in lower case.
    :raises MalformedPayloadError: its payload is none of its event.
    """
    event = headers["x-github-event"]
    if event == "push":
        return _push(event, decode(body, _Push))
    if event == "pull_request":
        return _pull_request(event, decode(body, _PullRequestEvent))
    return Message(event=event, ignored=f"Events of the kind {event} start nothing.")


def _push(event: str, push: _Push) -> Message:
    # Of an annotated tag `after` is the tag itself; the commit that it is of is the head.
    commit = push.head_commit.id if push.head_commit and push.head_commit.id else commit_or_none(push.after)
    if commit is None or commit_or_none(push.after) is None:
        return Message(event=event, ignored=f"{push.ref} was deleted.")
    change = GitChange(
        repository=push.repository.full_name,
        urls=_urls(push.repository),
        ref=push.ref,
        commit=commit,
        before=commit_or_none(push.before),
        files=_files(push.commits),
        author=push.sender.login or push.pusher.name or push.pusher.login,
        message=push.head_commit.message if push.head_commit else "",
        written=push.head_commit.authorship if push.head_commit else Authorship(),
        moment=str(push.repository.pushed_at or ""),
    )
    return Message(event=event, changes=(change,))


def _files(commits: list[PushedCommit] | None) -> tuple[str, ...] | None:
    return None if commits is None or len(commits) >= MOST_COMMITS else files_of(commits)


def _pull_request(event: str, payload: _PullRequestEvent) -> Message:
    kind = _EVENTS.get(payload.action)
    if kind is None:
        return Message(event=event, ignored=f"A pull request that was {payload.action} starts nothing.")
    head, base = payload.pull_request.head, payload.pull_request.base
    change = GitChange(
        repository=payload.repository.full_name,
        urls=_urls(payload.repository),
        ref=f"{BRANCH}{head.ref}",
        commit=head.sha,
        author=payload.sender.login,
        message=payload.pull_request.title,
        moment=payload.pull_request.updated_at or "",
        pull_request=PullRequest(
            number=payload.number,
            title=payload.pull_request.title,
            event=kind,
            source_branch=head.ref,
            destination_branch=base.ref,
            from_fork=head.repo is None or head.repo.full_name != payload.repository.full_name,
        ),
    )
    return Message(event=event, changes=(change,))


def _urls(repository: _Repository) -> tuple[str, ...]:
    return tuple(filter(None, (repository.clone_url, repository.html_url)))
