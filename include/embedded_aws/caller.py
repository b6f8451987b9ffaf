"""On whose behalf an operation runs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The account and region of a request, and the access key that signed it."""

    account: str
    region: str
    access_key: str
