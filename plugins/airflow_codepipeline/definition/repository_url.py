"""What the address of a git repository may be: for the checks of definitions, and before git sees it."""

from __future__ import annotations

import re
from enum import Enum, auto
from urllib.parse import urlsplit

_PRINTABLE = re.compile(r"[!-~]+")


class UrlFault(Enum):
    """What is wrong with an address."""

    UNREADABLE = auto()
    """It is no address at all."""
    NO_SERVER = auto()
    """A local path, another protocol than http and https, an option of git."""
    CREDENTIALS = auto()
    """It has a user name or a password in it."""
    MORE = auto()
    """It has a query or a fragment."""


def fault_of(url: str) -> UrlFault | None:
    """Return what is wrong with the address of a repository, or none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return UrlFault.UNREADABLE
    if not _PRINTABLE.fullmatch(url) or parts.scheme not in {"http", "https"} or not parts.hostname:
        return UrlFault.NO_SERVER
    if parts.username is not None or parts.password is not None:
        return UrlFault.CREDENTIALS
    return UrlFault.MORE if parts.query or parts.fragment else None
