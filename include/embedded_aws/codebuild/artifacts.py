"""Puts the output of a build into S3."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from embedded_aws.codebuild.model import BuildArtifacts
from embedded_aws.codebuild.selection import select
from embedded_aws.errors import BuildError
from embedded_aws.settings import default_key

if TYPE_CHECKING:
    from pathlib import Path

    from embedded_aws.buildspec.model import ArtifactFiles, Buildspec
    from embedded_aws.codebuild.model import Artifacts, Record

_CHUNK = 1024 * 1024
# The first moment a zip file can name: the same files make the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One output: what goes in and where it goes.

    :param name: the artifact's name, when the build specification may override the project's.
    """

    artifacts: Artifacts
    files: ArtifactFiles
    name: str | None


@dataclass(frozen=True, kw_only=True)
class Uploader:
    """Puts the outputs of one build.

    :param source: the folder of the primary source.
    :param root: holds the folders of all sources.
    """

    record: Record
    source: Path
    root: Path
    s3: Any

    def put(self, upload: Upload) -> BuildArtifacts:
        """Put one output.

        :raises BuildError: nothing matches, or S3 refuses.
        """
        selected = select(upload.files, source=self.source, root=self.root)
        try:
            if upload.artifacts.packaging == "ZIP":
                return self._put_zip(upload, selected)
            return self._put_files(upload, selected)
        except (BotoCoreError, ClientError) as error:
            message = f"artifacts cannot be put into {upload.artifacts.location}: {error}"
            raise BuildError("CLIENT_ERROR", message) from error

    def _put_zip(self, upload: Upload, selected: dict[str, Path]) -> BuildArtifacts:
        key = self._key(upload)
        with tempfile.TemporaryFile() as archive:
            pack(selected, archive)
            sha256, md5 = _digests(archive)
            archive.seek(0)
            self.s3.upload_fileobj(
                archive, upload.artifacts.location, key, ExtraArgs=self._encryption(upload.artifacts)
            )
        return self._put_at(upload, key, sha256sum=sha256, md5sum=md5)

    def _put_files(self, upload: Upload, selected: dict[str, Path]) -> BuildArtifacts:
        prefix = self._key(upload)
        for name, path in selected.items():
            key = f"{prefix}/{name}".lstrip("/")
            extra = self._encryption(upload.artifacts)
            self.s3.upload_file(str(path), upload.artifacts.location, key, ExtraArgs=extra)
        return self._put_at(upload, prefix)

    def _key(self, upload: Upload) -> str:
        """The key of a zip, or the prefix of files.

        See CodeBuild API, ProjectArtifacts: namespaceType, name, path.
        """
        artifacts = upload.artifacts
        build_id = self.record.build.id.rpartition(":")[2]
        namespace = build_id if artifacts.namespace_type == "BUILD_ID" else None
        name = upload.name or artifacts.name or self.record.build.project_name
        return "/".join(part.strip("/") for part in (artifacts.path, namespace, name) if part and part != "/")

    def _encryption(self, artifacts: Artifacts) -> dict[str, str]:
        if artifacts.encryption_disabled:
            return {}
        key = self.record.build.encryption_key or default_key(self.record.account, self.record.region)
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}

    def _put_at(self, upload: Upload, key: str, **sums: str) -> BuildArtifacts:
        return BuildArtifacts(
            location=f"arn:aws:s3:::{upload.artifacts.location}/{key}",
            override_artifact_name=upload.artifacts.override_artifact_name,
            encryption_disabled=bool(upload.artifacts.encryption_disabled),
            artifact_identifier=upload.artifacts.artifact_identifier,
            **sums,
        )


def outputs(record: Record, buildspec: Buildspec) -> list[tuple[Artifacts, ArtifactFiles]]:
    """What goes where: the artifacts the project asks for, with the files the build specification names.

    :raises BuildError: a secondary artifact has no files of its identifier, or the other way round.
    """
    wanted = {one.artifact_identifier or "": one for one in record.secondary_artifacts}
    named = buildspec.secondary_artifacts
    if set(wanted) != set(named) and wanted:
        message = f"secondary-artifacts are {_names(named)} in the buildspec, {_names(wanted)} in the project"
        raise BuildError("CLIENT_ERROR", message)
    pairs = [(one, named[identifier]) for identifier, one in wanted.items()]
    if record.artifacts.type == "S3":
        if buildspec.artifacts is None:
            raise BuildError(
                "CLIENT_ERROR", "the buildspec has no artifacts/files, but the build has an output"
            )
        pairs.insert(0, (record.artifacts, buildspec.artifacts))
    return pairs


def pack(selected: dict[str, Path], archive: Any) -> None:
    """Write the zip file of `selected`: the same files give the same bytes."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, path in sorted(selected.items()):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = (0o100755 if path.stat().st_mode & 0o111 else 0o100644) << 16
            with path.open("rb") as source, packed.open(member, "w", force_zip64=True) as target:
                while chunk := source.read(_CHUNK):
                    target.write(chunk)


def _digests(archive: Any) -> tuple[str, str]:
    archive.seek(0)
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    while chunk := archive.read(_CHUNK):
        sha256.update(chunk)
        md5.update(chunk)
    return sha256.hexdigest(), md5.hexdigest()


def _names(identifiers: Any) -> str:
    return ", ".join(sorted(identifiers)) or "none"
