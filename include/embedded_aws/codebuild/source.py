"""Gets the sources of a build."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from embedded_aws.codebuild.clone import GIT_SOURCES, clone
from embedded_aws.codebuild.extraction import extract
from embedded_aws.errors import BuildError

if TYPE_CHECKING:
    from embedded_aws.codebuild.model import Build, Source

_S3_ARN = re.compile(r"arn:aws[\w-]*:s3:::(?P<place>.+)")


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """The sources of a build on disk: `folders` by identifier, the primary one under the empty text."""

    folders: dict[str, Path]
    resolved_version: str | None


def fetch(build: Build, root: Path, s3: Any, gateway_url: str) -> Fetched:
    """Put every source of `build` into a folder of its own below `root`.

    :param gateway_url: where the repositories behind connections are.
    :raises BuildError: a source cannot be read, or is of a type the embedded CodeBuild has not.
    """
    versions = {one.source_identifier: one.source_version for one in build.secondary_source_versions}
    wanted = [("", build.source, build.source_version)]
    wanted += [
        (one.source_identifier or "", one, versions.get(one.source_identifier or ""))
        for one in build.secondary_sources
    ]
    folders: dict[str, Path] = {}
    resolved: dict[str, str | None] = {}
    for index, (identifier, source, version) in enumerate(wanted):
        folder = folders[identifier] = root / f"src{index}" / "src"
        folder.mkdir(parents=True)
        if source.type in GIT_SOURCES:
            resolved[identifier] = clone(source, version, folder, gateway_url)
        else:
            resolved[identifier] = _fetch(source, version, folder, s3)
    return Fetched(folders=folders, resolved_version=resolved[""] or build.source_version)


def bucket_and_key(location: str) -> tuple[str, str]:
    """The two parts of `bucket/key` or of an S3 ARN.

    :raises BuildError: it has no key.
    """
    match = _S3_ARN.fullmatch(location)
    bucket, _, key = (match["place"] if match else location).partition("/")
    if not bucket or not key:
        raise BuildError("INVALID_LOCATION", f"S3 location '{location}' must be bucket/key")
    return bucket, key


def _fetch(source: Source, version: str | None, folder: Path, s3: Any) -> str | None:
    if source.type == "NO_SOURCE":
        return None
    if source.type == "CODEPIPELINE" and not source.location:
        message = "a source of type CODEPIPELINE needs a sourceLocationOverride when the build is started"
        raise BuildError("INVALID_LOCATION", message)
    if source.type not in ("S3", "CODEPIPELINE"):
        message = f"the embedded CodeBuild has no sources of type {source.type}"
        raise BuildError("UNSUPPORTED_SOURCE", message)
    bucket, key = bucket_and_key(source.location or "")
    try:
        if key.endswith("/"):
            _fetch_folder(bucket, key, folder, s3)
            return None
        return _fetch_zip(bucket, key, version, folder, s3)
    except (BotoCoreError, ClientError) as error:
        raise BuildError("CLIENT_ERROR", f"the source s3://{bucket}/{key} cannot be read: {error}") from error


def _fetch_zip(bucket: str, key: str, version: str | None, folder: Path, s3: Any) -> str | None:
    chosen = {"VersionId": version} if version else {}
    with tempfile.NamedTemporaryFile(dir=folder.parent) as archive:
        answer = s3.get_object(Bucket=bucket, Key=key, **chosen)
        for chunk in answer["Body"].iter_chunks(1024 * 1024):
            archive.write(chunk)
        archive.flush()
        extract(Path(archive.name), folder)
    resolved = answer.get("VersionId")
    return None if resolved in (None, "null") else str(resolved)


def _fetch_folder(bucket: str, prefix: str, folder: Path, s3: Any) -> None:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for item in (item for page in pages for item in page.get("Contents", [])):
        name = item["Key"].removeprefix(prefix)
        target = (folder / name).resolve()
        if not target.is_relative_to(folder.resolve()):
            raise BuildError("CLIENT_ERROR", f"object '{item['Key']}' leads out of its folder")
        if name and not name.endswith("/"):
            target.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, item["Key"], str(target))
