"""Read artifacts from the store and write them to it: always encrypted, never wholly in memory."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError

from airflow_codepipeline.artifacts.bundle import CHUNK, read_member, unzip, zip_files
from airflow_codepipeline.artifacts.layout import encryption
from airflow_codepipeline.artifacts.limits import Limits, limits_from_environment
from airflow_codepipeline.aws.errors import raise_translated
from airflow_codepipeline.errors import ActionError, ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airflow_codepipeline.artifacts.reference import ArtifactLocation, ArtifactReference

_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "NoSuchBucket", "404"})


class Store:
    """An artifact store.

    :param client: an S3 client for the store's region.
    :param limits: how large an artifact may be; by default the environment's.
    """

    def __init__(self, client: Any, limits: Limits | None = None) -> None:
        self._client = client
        self._limits = limits or limits_from_environment()

    def read_file(self, artifact: ArtifactReference, path: str) -> bytes:
        """Return one file of an artifact.

        :raises ArtifactError: there is no such artifact or file, or it is over the limits.
        """
        with self._download(artifact) as file:
            return read_member(file, path, limits=self._limits, name=artifact.name)

    def unpack(self, artifact: ArtifactReference, folder: Path) -> list[Path]:
        """Unpack an artifact below `folder`; return its files, sorted, relative to it.

        :raises ArtifactError: there is no such artifact, it is over the limits, or it is unsafe.
        """
        with self._download(artifact) as file:
            return unzip(file, folder, limits=self._limits, name=artifact.name)

    def write(self, location: ArtifactLocation, files: dict[str, bytes]) -> ArtifactReference:
        """Write a zip of `files` and return its reference."""
        with tempfile.TemporaryFile() as body:
            zip_files(files, body)
            body.seek(0)
            written = self._client.put_object(
                Bucket=location.bucket,
                Key=location.key,
                Body=body,
                ContentType="application/zip",
                **encryption(location.kms_key_id),
            )
        return location.written(written.get("VersionId"))

    @contextmanager
    def _download(self, artifact: ArtifactReference) -> Iterator[IO[bytes]]:
        if artifact.clone is not None:
            raise ArtifactError(
                f"Artifact {artifact.name} is a full clone (CODEBUILD_CLONE_REF): CodeBuild alone can use it."
            )
        response = self._get(artifact)
        size = response["ContentLength"]
        if size > self._limits.packed_bytes:
            raise ArtifactError(
                f"Artifact {artifact.name} is refused: it has {size:,} bytes; "
                f"the limit is {self._limits.packed_bytes:,} (CODEPIPELINE_MAX_ARTIFACT_BYTES)."
            )
        with tempfile.TemporaryFile() as file:
            _copy(response["Body"], file)
            yield file

    def _get(self, artifact: ArtifactReference) -> Any:
        version = {"VersionId": artifact.version_id} if artifact.version_id else {}
        try:
            return self._client.get_object(Bucket=artifact.bucket, Key=artifact.key, **version)
        except ActionError as error:
            if error.code not in _MISSING:
                raise
            raise ArtifactError(
                f"Artifact {artifact.name} is not at s3://{artifact.bucket}/{artifact.key}: {error.message}"
            ) from error


def _copy(body: Any, file: IO[bytes]) -> None:
    try:
        file.writelines(body.iter_chunks(CHUNK))
        file.seek(0)
    except BotoCoreError as error:
        raise_translated(error, "GetObject")
    finally:
        body.close()
