"""The event that a function gets (user guide, JSON event example of the Lambda invoke action)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.actions.settings import required

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Aws

_CONFIGURATION = ("FunctionName", "UserParameters")


def function_name(context: ActionContext) -> str:
    """Return the function to invoke: its name, with an alias or version, or its ARN."""
    return required(context, "FunctionName")


def event(aws: Aws, job_id: str, data: dict[str, Any] | None = None) -> bytes:
    """Return the event of a job, credentials for its artifacts included.

    :param data: what `job_data` gave, if it was asked before.
    """
    job = {
        "id": job_id,
        "accountId": _account(aws),
        "data": {**(data or job_data(aws.context, None)), "artifactCredentials": aws.artifact_credentials()},
    }
    return msgspec.json.encode({"CodePipeline.job": job})


def job_data(context: ActionContext, continuation_token: str | None) -> dict[str, Any]:
    """Return the data of a job, without anything secret."""
    configuration = context.action.configuration
    data: dict[str, Any] = {
        "actionConfiguration": {
            "configuration": {key: configuration[key] for key in _CONFIGURATION if key in configuration}
        },
        "inputArtifacts": [
            _artifact(item.name, item.bucket, item.key, item.revision_id) for item in context.input_artifacts
        ],
        "outputArtifacts": [
            _artifact(item.name, item.bucket, item.key, None) for item in context.output_locations
        ],
    }
    if continuation_token is not None:
        data["continuationToken"] = continuation_token
    if context.store and context.store.encryption_key:
        key = context.store.encryption_key
        data["encryptionKey"] = {"id": key.id, "type": key.type}
    return data


def _artifact(name: str, bucket: str, key: str, revision: str | None) -> dict[str, Any]:
    place = {"type": "S3", "s3Location": {"bucketName": bucket, "objectKey": key}}
    return {"name": name, "revision": revision, "location": place}


def _account(aws: Aws) -> str:
    roles = aws.context.store_identity.roles
    if roles:
        return roles[-1].split(":")[4]
    return str(aws.client("sts").get_caller_identity()["Account"])
