"""The message of any other git server: ours, for a `post-receive` hook of a few lines (docs/webhooks.md)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from airflow_codepipeline.changes.git_change import (
    BRANCH,
    TAG,
    GitChange,
    MalformedPayloadError,
    Message,
    commit_or_none,
    decode,
    distinct,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

EVENT = "push"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class _Push(msgspec.Struct, forbid_unknown_fields=True):
    """What is sent.

    :param repository: the address that the source action clones from, or `owner/name`.
    :param before: the commit that the ref led to before; none or zeros where it is new.
    :param files: the changed files; none where they are not known.
    :param id: what tells this push from an equal one at another time.
    """

    repository: str
    ref: str
    commit: str
    before: str | None = None
    files: list[str] | None = None
    author: str = ""
    message: str = ""
    id: str = ""


def read(_headers: Mapping[str, str], body: bytes) -> Message:
    """Return what a message says.

    :raises MalformedPayloadError: it is none.
    """
    push = decode(body, _Push)
    if not push.ref.startswith((BRANCH, TAG)):
        raise MalformedPayloadError(f"ref is {push.ref!r}. It must begin with {BRANCH} or {TAG}.")
    commit = commit_or_none(push.commit)
    if commit is None:
        return Message(event=EVENT, ignored=f"{push.ref} was deleted.")
    if not _COMMIT.fullmatch(commit):
        raise MalformedPayloadError(f"commit is {commit!r}. It must be the whole id of a commit.")
    is_url = "://" in push.repository
    change = GitChange(
        repository="" if is_url else push.repository,
        urls=(push.repository,) if is_url else (),
        ref=push.ref,
        commit=commit,
        before=commit_or_none(push.before),
        files=None if push.files is None else distinct(push.files),
        author=push.author,
        message=push.message,
        moment=push.id,
    )
    return Message(event=EVENT, changes=(change,))
