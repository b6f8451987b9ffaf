"""Small things that several providers do with S3 objects."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.artifacts.layout import encryption
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from airflow_codepipeline.artifacts.reference import ArtifactLocation, ArtifactReference
    from airflow_codepipeline.definition.model import ArtifactStore

_ONE_CALL_BYTES = 1024**3
_LOST = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


def copy(
    client: Any, source: dict[str, str], *, bucket: str, key: str, arguments: dict[str, Any]
) -> str | None:
    """Copy an object within S3; return the new object's version, where its bucket has versions.

    Large objects are copied in parts: one call copies 5 GB at most, and slowly.

    :param source: Bucket, Key and, to pin it, VersionId.
    :param arguments: further arguments of CopyObject: encryption, metadata.
    """
    size = client.head_object(**source)["ContentLength"]
    if size <= _ONE_CALL_BYTES:
        copied = client.copy_object(CopySource=source, Bucket=bucket, Key=key, **arguments)
        return _version(copied)
    client.copy(source, bucket, key, ExtraArgs=arguments)
    return _version(client.head_object(Bucket=bucket, Key=key))


def write_once(client: Any, store: ArtifactStore, key: str, body: bytes) -> bool:
    """Write an object unless there is one; say whether this call wrote it.

    S3 lets exactly one of several such calls win, so it can settle who does something.
    """
    try:
        write(client, store, key, body, IfNoneMatch="*")
    except ActionError as error:
        if error.code not in _LOST:
            raise
        return False
    return True


def write(client: Any, store: ArtifactStore, key: str, body: bytes, **arguments: str) -> None:
    """Write a small object to the store, encrypted as its artifacts are."""
    key_id = store.encryption_key.id if store.encryption_key else None
    client.put_object(Bucket=store.location, Key=key, Body=body, **encryption(key_id), **arguments)


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """A small object of the store.

    :param written: when, by S3's clock.
    :param age: how long ago that was when it was read, by S3's clock too.
    """

    body: bytes
    written: datetime
    age: timedelta


def read(client: Any, store: ArtifactStore, key: str) -> StoredObject | None:
    """Return an object of the store, or none where there is none."""
    try:
        response = client.get_object(Bucket=store.location, Key=key)
    except ActionError as error:
        if error.code != "NoSuchKey":
            raise
        return None
    written: datetime = response["LastModified"]
    now = parsedate_to_datetime(response["ResponseMetadata"]["HTTPHeaders"]["date"])
    return StoredObject(body=response["Body"].read(), written=written, age=now - written)


def written_artifact(client: Any, location: ArtifactLocation) -> ArtifactReference:
    """Return the reference of an output artifact that a service has written to its planned place.

    :raises ActionError: nothing is there.
    """
    try:
        head = client.head_object(Bucket=location.bucket, Key=location.key)
    except ActionError as error:
        if error.code not in {"404", "NoSuchKey"}:
            raise
        raise ActionError(
            "JobFailed",
            f"The job succeeded, but it wrote no output artifact {location.name} "
            f"to s3://{location.bucket}/{location.key}.",
        ) from error
    return location.written(_version(head))


def _version(response: dict[str, Any]) -> str | None:
    # S3 says "null" for an object of a bucket that keeps no versions.
    version = response.get("VersionId")
    return None if version in {None, "null"} else str(version)
