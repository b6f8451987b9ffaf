"""Deploy/AWS/S3/1: an artifact, or what is in it, put into a bucket (user guide, Amazon S3 deploy)."""

from __future__ import annotations

import mimetypes
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.actions import console
from airflow_codepipeline.actions.base import Job, Outputs
from airflow_codepipeline.actions.immediate import Immediate
from airflow_codepipeline.actions.markers import first_seen
from airflow_codepipeline.actions.objects import copy
from airflow_codepipeline.actions.settings import boolean, misconfigured, optional, required, the_input

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Aws

UPLOADS_AT_ONCE = 8
_DATETIME = "%Y-%m-%d_%H-%M-%S"
_UNKNOWN_TYPE = "binary/octet-stream"


class S3Deploy(Immediate):
    """Puts objects: the files of the artifact with Extract, else the zip as it is."""

    def start(self, aws: Aws) -> Job:
        """Do all of it. A repeated start writes the same objects again."""
        context = aws.context
        bucket = required(context, "BucketName")
        required(context, "Extract")
        key = _key(aws)
        if boolean(context, "Extract"):
            count = _deploy_files(aws, bucket, key)
        else:
            count = _deploy_zip(aws, bucket, key)
        return Job(
            external_execution_id=f"s3://{bucket}/{key}",
            external_execution_url=console.s3_folder(context.identity.region, bucket, key),
            data={"objects": str(count)},
        )

    def outputs(self, aws: Aws, job: Job) -> Outputs:
        """Say how much was deployed."""
        bucket = required(aws.context, "BucketName")
        return Outputs(summary=f"{job.data['objects']} object(s) to bucket {bucket}")


def _key(aws: Aws) -> str:
    context = aws.context
    key = optional(context, "ObjectKey") or ""
    if not key and not boolean(context, "Extract"):
        raise misconfigured(context, "the configuration needs ObjectKey where Extract is false.")
    if "{datetime}" in key:
        key = key.replace("{datetime}", first_seen(aws).strftime(_DATETIME))
    return key.replace("{uuid}", context.action_execution_id)


def _deploy_zip(aws: Aws, bucket: str, key: str) -> int:
    artifact = the_input(aws.context)
    source = {"Bucket": artifact.bucket, "Key": artifact.key}
    if artifact.version_id:
        source["VersionId"] = artifact.version_id
    headers = _headers(aws.context)
    if headers:
        headers |= {"MetadataDirective": "REPLACE", "ContentType": "application/zip"}
    copy(aws.client("s3"), source, bucket=bucket, key=key, arguments=headers)
    return 1


def _deploy_files(aws: Aws, bucket: str, prefix: str) -> int:
    client, headers = aws.client("s3"), _headers(aws.context)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "artifact")
        files = aws.unpack(the_input(aws.context), folder)

        def upload(path: Path) -> None:
            key = "/".join(part for part in (prefix.strip("/"), path.as_posix()) if part)
            extra = headers | {"ContentType": content_type(path)}
            client.upload_file(str(folder / path), bucket, key, ExtraArgs=extra)

        with ThreadPoolExecutor(UPLOADS_AT_ONCE) as uploads:
            list(uploads.map(upload, files))
    return len(files)


def content_type(path: Path) -> str:
    """Guess a file's content type from its name; S3's own default where nothing fits."""
    guessed, encoding = mimetypes.guess_type(path.name)
    return guessed if guessed and not encoding else _UNKNOWN_TYPE


def _headers(context: ActionContext) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if acl := optional(context, "CannedACL"):
        headers["ACL"] = acl
    if cache := optional(context, "CacheControl"):
        headers["CacheControl"] = cache
    if key := optional(context, "KMSEncryptionKeyARN"):
        headers |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    return headers
