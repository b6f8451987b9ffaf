"""Where repositories are: on disk, and in the gateway's addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded_aws.git.repository import Repository
from embedded_aws.settings import ACCOUNT, REGION

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PART = r"[A-Za-z0-9_][\w.-]*"
_SHARED = rf"(?P<hosted>{_PART}(?:/{_PART})+)"
_CODECOMMIT = re.compile(
    rf"(?:/(?P<account>\d{{12}})/(?P<region>[a-z0-9-]+))?/v1/repos/(?P<name>{_PART})", re.ASCII
)
_HOSTED = re.compile(rf"/git/{_SHARED}", re.ASCII)
_CONNECTED = re.compile(
    rf"/git-http/(?P<account>\d{{12}})/(?P<region>[a-z0-9-]+)/(?P<id>{_PART})/{_SHARED}", re.ASCII
)


@dataclass(frozen=True, kw_only=True)
class Places:
    """The repositories of the embedded AWS.

    CodeCommit's belong to an account and a region. The others stand for those of GitHub, GitLab and so on:
    `<owner>/<repository>`, made when something is pushed to /git/<owner>/<repository>, and read through any
    connection.

    :param folder: holds them all.
    :param is_available: whether a connection of that account, region and id may be used.
    """

    folder: Path
    is_available: Callable[[str, str, str], bool]

    def codecommit(self, account: str, region: str, name: str) -> Repository:
        """The repository that CodeCommit calls `name`, whether it exists or not."""
        return Repository(folder=self.codecommit_folder(account, region) / f"{name}.git")

    def codecommit_folder(self, account: str, region: str) -> Path:
        """The folder of all of an account and region."""
        return self.folder / "codecommit" / account / region

    def codecommit_at(self, path: str) -> tuple[str, str, str] | None:
        """The account, the region and the name of the CodeCommit repository at `path`, None elsewhere."""
        match = _CODECOMMIT.fullmatch(path)
        return match and (match["account"] or ACCOUNT, match["region"] or REGION, match["name"])

    def hosted(self, name: str) -> Repository:
        """The repository `<owner>/<repository>`, whether it exists or not."""
        return Repository(folder=self.folder / "hosted" / f"{name.removesuffix('.git')}.git")

    def at(self, path: str, *, pushing: bool) -> Repository | None:
        """The repository that the gateway shows at `path`, None when there is none."""
        if place := self.codecommit_at(path):
            found = self.codecommit(*place)
        elif match := _HOSTED.fullmatch(path):
            found = self.hosted(match["hosted"])
            if pushing and not found.exists:
                return _make(found)
        elif match := _CONNECTED.fullmatch(path):
            if not self.is_available(match["account"], match["region"], match["id"]):
                return None
            found = self.hosted(match["hosted"])
        else:
            return None
        return found if found.exists else None


def codecommit_path(account: str, region: str, name: str) -> str:
    """The path at which the gateway shows a CodeCommit repository."""
    start = "" if (account, region) == (ACCOUNT, REGION) else f"/{account}/{region}"
    return f"{start}/v1/repos/{name}"


def _make(repository: Repository) -> Repository:
    try:
        return Repository.make(repository.folder)
    except FileExistsError:
        return repository
