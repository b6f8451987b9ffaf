"""A webhook's message of whichever provider: which one it is, who vouches for it, what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from airflow_codepipeline.changes import bitbucket, generic_git, github, gitlab
from airflow_codepipeline.changes.git_change import MalformedPayloadError
from airflow_codepipeline.changes.git_signature import SIGNATURE, SIGNATURE_256, TOKEN, has_token, is_signed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airflow_codepipeline.changes.git_change import Message

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True)
class Sender:
    """A kind of sender.

    :param told_by: the header that it alone sends; in lower case, as all names of headers here.
    :param delivery: the header with the id of one delivery.
    :param proofs: the headers, any of which proves that it was sent by who knows the secret.
    """

    name: str
    told_by: str
    delivery: str
    proofs: tuple[str, ...]
    read: Callable[[Mapping[str, str], bytes], Message]

    def vouches(self, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
        """Tell whether a message was sent by who knows the secret."""
        if self.proofs == (TOKEN,):
            return has_token(headers, secret)
        return is_signed(headers, body, secret)

    def tries_to_vouch(self, headers: Mapping[str, str]) -> bool:
        """Tell, before there is a body, whether there is any proof to look at."""
        return any(proof in headers for proof in self.proofs)


_HMAC = (SIGNATURE_256, SIGNATURE)
GITHUB = Sender(
    name="GitHub", told_by="x-github-event", delivery="x-github-delivery", proofs=_HMAC, read=github.read
)
GITLAB = Sender(
    name="GitLab", told_by="x-gitlab-event", delivery="x-gitlab-event-uuid", proofs=(TOKEN,), read=gitlab.read
)
BITBUCKET = Sender(
    name="Bitbucket", told_by="x-event-key", delivery="x-request-uuid", proofs=_HMAC, read=bitbucket.read
)
GENERIC = Sender(name="git", told_by="", delivery="x-request-id", proofs=_HMAC, read=generic_git.read)
_SENDERS = (GITHUB, GITLAB, BITBUCKET)


def sender_of(headers: Mapping[str, str]) -> Sender:
    """Return who says to have sent a message."""
    return next((sender for sender in _SENDERS if sender.told_by in headers), GENERIC)


def json_of(headers: Mapping[str, str], body: bytes) -> bytes:
    """Return the JSON of a body; GitHub can be told to send it as the field of a form.

    :raises MalformedPayloadError: it is a form without that field.
    """
    if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return body
    try:
        return parse_qs(body.decode(), strict_parsing=True)["payload"][0].encode()
    except (ValueError, KeyError) as error:
        raise MalformedPayloadError(
            "The body is a form without the field payload. JSON is sent as Content-Type: application/json."
        ) from error
