"""The connections and hosts there are: a file for each."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AVAILABLE = "AVAILABLE"


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """A connection or a host.

    :param kind: `connection` or `host`.
    :param endpoint: where a host's provider is installed.
    """

    kind: str
    arn: str
    name: str
    provider: str
    status: str = AVAILABLE
    host_arn: str | None = None
    endpoint: str | None = None
    tags: tuple[dict[str, str], ...] = ()


class Resources:
    """The connections and hosts of every account and region.

    :param folder: holds their files.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def put(self, resource: Resource) -> None:
        """Write one."""
        file = self._file(resource.arn)
        scratch = file.with_suffix(f".{os.urandom(4).hex()}")
        scratch.write_bytes(msgspec.json.encode(resource))
        scratch.replace(file)

    def get(self, arn: str) -> Resource | None:
        """The one of that ARN."""
        try:
            found = msgspec.json.decode(self._file(arn).read_bytes(), type=Resource)
        except FileNotFoundError:
            return None
        return found if found.arn == arn else None

    def delete(self, arn: str) -> None:
        """Forget one."""
        self._file(arn).unlink(missing_ok=True)

    def all(self) -> Iterator[Resource]:
        """Every one, by ARN."""
        for file in sorted(self._folder.glob("*.json")):
            yield msgspec.json.decode(file.read_bytes(), type=Resource)

    def is_available(self, account: str, region: str, connection_id: str) -> bool:
        """Whether git may go through a connection, under either name of the service."""
        names = ("codeconnections", "codestar-connections")
        arns = (f"arn:aws:{name}:{region}:{account}:connection/{connection_id}" for name in names)
        return any(found is not None and found.status == AVAILABLE for found in map(self.get, arns))

    def _file(self, arn: str) -> Path:
        # Its last part is a UUID of ours; of anything else there is no file.
        name = "".join(letter for letter in arn.rpartition("/")[2] if letter.isalnum() or letter == "-")
        return self._folder / f"{name or 'none'}.json"
