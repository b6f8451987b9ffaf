"""Source/AWS/S3/1: an object of a versioned bucket (CodePipeline user guide, Amazon S3 source)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.actions import console
from airflow_codepipeline.actions.base import Job, Outputs
from airflow_codepipeline.actions.immediate import Immediate
from airflow_codepipeline.actions.objects import copy
from airflow_codepipeline.actions.settings import boolean, misconfigured, required, the_output
from airflow_codepipeline.artifacts.layout import encryption
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_codepipeline.actions.base import ActionContext, Aws
    from airflow_codepipeline.artifacts.reference import ArtifactLocation, ArtifactReference

BUCKET = "S3Bucket"
OBJECT_KEY = "S3ObjectKey"
ALLOW_OVERRIDE = "AllowOverrideForS3ObjectKey"
SUMMARY_METADATA = "codepipeline-artifact-revision-summary"
UNAVAILABLE = "RevisionUnavailable"
_MISSING = frozenset({"400", "404", "405", "MethodNotAllowed", "NoSuchKey", "NoSuchVersion"})


class S3Source(Immediate):
    """Copies one version of an object to the artifact store."""

    knows_past = True

    def place(self, context: ActionContext) -> str:
        """Return the object's address."""
        return f"s3://{required(context, BUCKET)}/{required(context, OBJECT_KEY)}"

    def current(self, aws: Aws) -> str:
        """Return the version that is current."""
        source = {"Bucket": required(aws.context, BUCKET), "Key": required(aws.context, OBJECT_KEY)}
        return _current(aws.client("s3"), source)

    def start(self, aws: Aws) -> Job:
        """Settle which version this execution takes; it does not change any more."""
        context = aws.context
        bucket, key = required(context, BUCKET), object_key(context)
        client = aws.client("s3")
        _require_versions(context, client, bucket)
        version = _version(context, client, bucket, key)
        return Job(
            external_execution_id=version,
            external_execution_url=console.s3_object(context.identity.region, bucket, key, version),
            data={"bucket": bucket, "key": key, "version": version},
        )

    def outputs(self, aws: Aws, job: Job) -> Outputs:
        """Copy the version to the store, within S3, and describe it."""
        location, client = the_output(aws.context), aws.client("s3")
        source = {"Bucket": job.data["bucket"], "Key": job.data["key"], "VersionId": job.data["version"]}
        head = _head(client, source)
        written = copy(
            client,
            source,
            bucket=location.bucket,
            key=location.key,
            arguments=encryption(location.kms_key_id),
        )
        return Outputs(
            variables={
                "BucketName": job.data["bucket"],
                "ETag": head["ETag"].strip('"'),
                "ObjectKey": job.data["key"],
                "VersionId": job.data["version"],
            },
            artifacts=(_reference(location, job, head, written),),
            summary=f"Amazon S3 version id: {job.data['version']}",
        )


def object_key(context: ActionContext) -> str:
    """Return the key that this execution takes.

    :raises ActionError: the execution overrides it, and the action does not allow that.
    """
    given = context.revision("S3_OBJECT_KEY")
    if given is None:
        return required(context, OBJECT_KEY)
    if not boolean(context, ALLOW_OVERRIDE):
        raise misconfigured(
            context, f"the object key cannot be overridden. Set {ALLOW_OVERRIDE} to true to allow it."
        )
    return given


def _require_versions(context: ActionContext, client: Any, bucket: str) -> None:
    if client.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
        raise misconfigured(
            context, f"bucket {bucket} keeps no versions. Enable versioning on it: a source action needs it."
        )


def _version(context: ActionContext, client: Any, bucket: str, key: str) -> str:
    given = context.revision("S3_OBJECT_VERSION_ID")
    if given is not None:
        return _current(client, {"Bucket": bucket, "Key": key, "VersionId": given})
    if context.as_of is not None:
        return _version_at(client, bucket, key, context.as_of)
    return _current(client, {"Bucket": bucket, "Key": key})


def _current(client: Any, source: dict[str, str]) -> str:
    # An object that is older than its bucket's versioning has the version "null".
    return str(_head(client, source).get("VersionId", "null"))


def _version_at(client: Any, bucket: str, key: str, instant: datetime) -> str:
    """Return the version that was current at an instant. S3 lists a key's versions newest first."""
    candidates: list[dict[str, Any]] = []
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key):
        entries = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        candidates += [item for item in entries if item["Key"] == key and item["LastModified"] <= instant]
        if any(item["Key"] != key for item in entries):
            break
    newest = max(candidates, key=lambda item: (item["LastModified"], item["IsLatest"]), default=None)
    if newest is None or "ETag" not in newest:
        raise ActionError(UNAVAILABLE, f"s3://{bucket}/{key} did not exist at {instant.isoformat()}.")
    return str(newest["VersionId"])


def _head(client: Any, source: dict[str, str]) -> dict[str, Any]:
    try:
        head: dict[str, Any] = client.head_object(**source)
    except ActionError as error:
        if error.code not in _MISSING:
            raise
        version = f" at version {source['VersionId']}" if "VersionId" in source else ""
        where = f"s3://{source['Bucket']}/{source['Key']}"
        raise ActionError(UNAVAILABLE, f"There is no {where}{version}: {error.message}") from error
    return head


def _reference(
    location: ArtifactLocation, job: Job, head: dict[str, Any], version_id: str | None
) -> ArtifactReference:
    return msgspec.structs.replace(
        location.written(version_id),
        revision_id=job.data["version"],
        revision_summary=head.get("Metadata", {}).get(SUMMARY_METADATA),
        revision_url=job.external_execution_url,
    )
