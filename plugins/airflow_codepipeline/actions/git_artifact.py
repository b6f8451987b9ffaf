"""The output artifact of a source in git: a zip of the files, or a reference for a full clone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.actions.objects import written_artifact
from airflow_codepipeline.actions.settings import one_of, optional, the_output
from airflow_codepipeline.artifacts.layout import encryption

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_codepipeline.actions.base import ActionContext, Aws
    from airflow_codepipeline.artifacts.reference import ArtifactReference, CloneReference

FORMAT = "OutputArtifactFormat"
_ZIP, _CLONE = "CODE_ZIP", "CODEBUILD_CLONE_REF"


def wants_clone(context: ActionContext) -> bool:
    """Whether the artifact is to be a full clone.

    :raises ActionError: the format is none that CodePipeline knows.
    """
    return optional(context, FORMAT) is not None and one_of(context, FORMAT, (_ZIP, _CLONE)) == _CLONE


def write_zip(aws: Aws, file: Path) -> ArtifactReference:
    """Put a zip into the store, in parts where it is large."""
    location, client = the_output(aws.context), aws.store_client()
    arguments: dict[str, Any] = {"ContentType": "application/zip", **encryption(location.kms_key_id)}
    client.upload_file(str(file), location.bucket, location.key, ExtraArgs=arguments)
    return written_artifact(client, location)


def write_clone(aws: Aws, clone: CloneReference, commit: str) -> ArtifactReference:
    """Put a reference to the repository into the store, which CodeBuild actions alone can use."""
    location = the_output(aws.context)
    document = {"type": _CLONE, "commitId": commit} | msgspec.to_builtins(clone)
    written = aws.store_client().put_object(
        Bucket=location.bucket,
        Key=location.key,
        Body=msgspec.json.encode(document),
        ContentType="application/json",
        **encryption(location.kms_key_id),
    )
    return msgspec.structs.replace(location.written(_version(written)), clone=clone)


def _version(written: dict[str, Any]) -> str | None:
    version = written.get("VersionId")
    return None if version in {None, "null"} else str(version)
