"""Who sent a message: each provider proves it in its own way, by a secret that both sides know."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGNATURE_256, SIGNATURE, TOKEN = "x-hub-signature-256", "x-hub-signature", "x-gitlab-token"
_HASHES = {"sha256": hashlib.sha256, "sha1": hashlib.sha1}


def is_signed(headers: Mapping[str, str], body: bytes, secret: str, *, sha1: bool = False) -> bool:
    """Tell whether a body was signed with a secret (HMAC).

    GitHub says so in `X-Hub-Signature-256`, Bitbucket in `X-Hub-Signature`.

    :param headers: by their names in lower case.
    :param sha1: whether a signature by SHA-1, which old GitHub Enterprise Servers give alone, will do.
    """
    given = headers.get(SIGNATURE_256) or headers.get(SIGNATURE) or ""
    algorithm, _, signature = given.partition("=")
    if algorithm not in _HASHES or (algorithm == "sha1" and not sha1):
        return False
    expected = hmac.new(secret.encode(), body, _HASHES[algorithm]).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.strip().lower().encode("utf-8", "replace"))


def has_token(headers: Mapping[str, str], secret: str) -> bool:
    """Tell whether a message has GitLab's token."""
    return hmac.compare_digest(secret.encode(), headers.get(TOKEN, "").encode("utf-8", "replace"))
