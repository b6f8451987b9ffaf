"""Where a repository is and how git logs in there; what is refused before git sees it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from airflow_codepipeline.definition.repository_url import UrlFault, fault_of
from airflow_codepipeline.errors import ActionError

CONFIGURATION_ERROR = "ConfigurationError"
_COMMIT = re.compile(r"[0-9a-f]{40}")
# git-check-ref-format(1); a name that starts with a dash would be an option.
_BRANCH = re.compile(r"(?![-/.])(?!.*(?:\.\.|@\{|//|/\.|\.lock(?:/|$)))[^\x00-\x20\x7f~^:?*\[\\]+(?<![/.])")
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A repository somewhere else.

    :param url: http or https, without credentials in it.
    :param login: a user name and a password, or none where it may be read by everybody.
    """

    url: str
    login: tuple[str, str] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_url(self.url)

    @property
    def settings(self) -> dict[str, str]:
        """Git's settings that log it in: for this server, and no other."""
        if self.login is None:
            return {}
        parts = urlsplit(self.url)
        token = base64.b64encode(":".join(self.login).encode()).decode()
        return {f"http.{parts.scheme}://{parts.netloc}/.extraHeader": f"Authorization: Basic {token}"}


def check_url(url: str) -> None:
    """Refuse an address that is none of a server: a local path, another protocol, an option of git.

    :raises ActionError: it is not http or https, or it has credentials in it.
    """
    fault = fault_of(url)
    if fault in {UrlFault.UNREADABLE, UrlFault.NO_SERVER}:
        raise ActionError(
            CONFIGURATION_ERROR, f"{url!r} is no address of a git repository: https://… is wanted."
        )
    if fault is UrlFault.CREDENTIALS:
        raise ActionError(
            CONFIGURATION_ERROR,
            f"The address of {urlsplit(url).hostname} has credentials in it: put them into an Airflow "
            "connection and name that in git_conn_id.",
        )
    if fault is UrlFault.MORE:
        raise ActionError(CONFIGURATION_ERROR, f"{url!r} has more than the address of a repository.")


def check_secrecy(url: str) -> None:
    """Refuse to send a password over a network in the clear.

    :raises ActionError: the address is http, and not of this machine.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _HERE:
        raise ActionError(CONFIGURATION_ERROR, f"A password is not sent to {url}: it must be https.")


def check_branch(name: str) -> str:
    """Return the name of a branch.

    :raises ActionError: git allows no such name.
    """
    if not _BRANCH.fullmatch(name):
        raise ActionError(CONFIGURATION_ERROR, f"{name!r} is no name of a branch.")
    return name


def check_commit(commit: str) -> str:
    """Return the full id of a commit.

    :raises ActionError: it is none.
    """
    if not _COMMIT.fullmatch(commit.lower()):
        raise ActionError(
            CONFIGURATION_ERROR, f"{commit!r} is no id of a commit: 40 hexadecimal digits are wanted."
        )
    return commit.lower()
