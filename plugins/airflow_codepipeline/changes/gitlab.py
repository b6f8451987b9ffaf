"""GitLab's webhooks (GitLab documentation, "Webhook events")."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from airflow_codepipeline.changes.git_change import (
    BRANCH,
    MOST_FILES,
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


class _Project(msgspec.Struct):
    path_with_namespace: str
    git_http_url: str = ""
    web_url: str = ""


class _Push(msgspec.Struct):
    ref: str
    before: str
    after: str
    project: _Project
    checkout_sha: str | None = None
    user_username: str = ""
    commits: list[PushedCommit] = msgspec.field(default_factory=list)
    total_commits_count: int = 0


class _User(msgspec.Struct):
    username: str = ""


class _Attributes(msgspec.Struct):
    iid: int
    title: str
    source_branch: str
    target_branch: str
    last_commit: PushedCommit
    source_project_id: int | None = None
    target_project_id: int | None = None
    action: str = ""
    oldrev: str | None = None
    updated_at: str = ""


class _MergeRequest(msgspec.Struct):
    project: _Project
    object_attributes: _Attributes
    user: _User = msgspec.field(default_factory=_User)


lay_out(_Push, _MergeRequest)


def read(headers: Mapping[str, str], body: bytes) -> Message:
    """Return what a message says.

    What GitLab signs is nothing: who knows the token may say anything, the event's id in a header as well.

    :param headers: by their names in lower case.
    :raises MalformedPayloadError: its payload is none of its event.
    """
    event = headers["x-gitlab-event"]
    moment = headers.get("x-gitlab-event-uuid", "")
    if event in {"Push Hook", "Tag Push Hook"}:
        return _push(event, decode(body, _Push), moment)
    if event == "Merge Request Hook":
        return _merge_request(event, decode(body, _MergeRequest), moment)
    return Message(event=event, ignored=f"Events of the kind {event} start nothing.")


def _push(event: str, push: _Push, moment: str) -> Message:
    # Of an annotated tag `after` is the tag itself, and `checkout_sha` the commit that it is of.
    commit = push.checkout_sha or commit_or_none(push.after)
    if commit is None or commit_or_none(push.after) is None:
        return Message(event=event, ignored=f"{push.ref} was deleted.")
    newest = push.commits[-1] if push.commits else None
    change = GitChange(
        repository=push.project.path_with_namespace,
        urls=_urls(push.project),
        ref=push.ref,
        commit=commit,
        before=commit_or_none(push.before),
        files=_files(push),
        author=push.user_username,
        message=newest.message if newest else "",
        written=newest.authorship if newest else Authorship(),
        moment=moment,
    )
    return Message(event=event, changes=(change,))


def _files(push: _Push) -> tuple[str, ...] | None:
    """Return the changed files; the payload has those of the newest 20 commits."""
    found = files_of(push.commits)
    complete = push.total_commits_count <= len(push.commits) or len(found) == MOST_FILES
    return found if complete else None


def _merge_request(event: str, payload: _MergeRequest, moment: str) -> Message:
    request = payload.object_attributes
    kind = _event(request)
    if kind is None:
        done = f"was changed by {request.action}" if request.action else "has changed"
        return Message(
            event=event, ignored=f"A merge request that {done} without new commits starts nothing."
        )
    change = GitChange(
        repository=payload.project.path_with_namespace,
        urls=_urls(payload.project),
        ref=f"{BRANCH}{request.source_branch}",
        commit=request.last_commit.id,
        author=payload.user.username,
        message=request.last_commit.message,
        written=request.last_commit.authorship,
        moment=moment or request.updated_at,
        pull_request=PullRequest(
            number=request.iid,
            title=request.title,
            event=kind,
            source_branch=request.source_branch,
            destination_branch=request.target_branch,
            from_fork=request.source_project_id != request.target_project_id,
        ),
    )
    return Message(event=event, changes=(change,))


def _event(request: _Attributes) -> PullRequestEvent | None:
    if request.action == "open":
        return "OPEN"
    if request.action == "update" and request.oldrev:
        return "UPDATED"
    return "CLOSED" if request.action in {"close", "merge"} else None


def _urls(project: _Project) -> tuple[str, ...]:
    return tuple(filter(None, (project.git_http_url, project.web_url)))
