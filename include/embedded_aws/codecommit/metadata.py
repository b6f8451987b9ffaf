"""What CodeCommit knows of a repository besides what git knows; it lies in the repository's folder."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from embedded_aws.git.repository import Repository

_FILE = "codecommit.json"


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one."""

    id: str
    created: float
    description: str = ""


def write_metadata(repository: Repository, description: str) -> None:
    """Write down what is known of a repository that was just made."""
    metadata = Metadata(id=str(uuid.uuid4()), created=time.time(), description=description)
    (repository.folder / _FILE).write_bytes(msgspec.json.encode(metadata))


def metadata_of(repository: Repository) -> Metadata:
    """Return what is known of a repository."""
    try:
        return msgspec.json.decode((repository.folder / _FILE).read_bytes(), type=Metadata)
    except FileNotFoundError:
        # It ended in the instant between making the repository and writing this.
        return Metadata(id=str(uuid.uuid5(uuid.NAMESPACE_URL, str(repository.folder))), created=0.0)


def arn_of(account: str, region: str, name: str) -> str:
    """Return the ARN of a repository."""
    return f"arn:aws:codecommit:{region}:{account}:{name}"
