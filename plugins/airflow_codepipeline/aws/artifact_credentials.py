"""The credentials a job gets: the pipeline's role, narrowed to the artifacts of one attempt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.actions.console import partition
from airflow_codepipeline.aws.clients import CLIENTS
from airflow_codepipeline.aws.credentials import assume_role, session_name
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, AwsIdentity


def limited_credentials(context: ActionContext) -> dict[str, str]:
    """Return credentials for the attempt's artifacts, under the names of a job's event.

    :raises ActionError: the role cannot be assumed.
    """
    identity = context.store_identity
    if not identity.roles:
        return _current(identity, context.pipeline_execution_id)
    before = msgspec.structs.replace(identity, roles=identity.roles[:-1])
    sts = CLIENTS.get(before, context.pipeline_execution_id, "sts", identity.region)
    external_id = CLIENTS.login(before, context.pipeline_execution_id).external_id
    credentials = assume_role(
        sts,
        identity.roles[-1],
        name=session_name(context.pipeline_execution_id),
        external_id=external_id,
        policy=json.dumps(session_policy(context), separators=(",", ":")),
    )
    return _named(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])


def session_policy(context: ActionContext) -> dict[str, Any]:
    """Return the IAM policy that reads the inputs and writes the outputs of an attempt.

    The keys are short (`artifacts.layout`), so ten artifacts stay below STS's 2,048 characters.
    """
    prefix = f"arn:{partition(context.store_identity.region)}:s3:::"
    reads = [f"{prefix}{item.bucket}/{item.key}" for item in context.input_artifacts]
    writes = [f"{prefix}{item.bucket}/{item.key}" for item in context.output_locations]
    statements: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*"}
    ]
    if reads:
        actions = ["s3:GetObject", "s3:GetObjectVersion"]
        statements.append({"Effect": "Allow", "Action": actions, "Resource": reads})
    if writes:
        statements.append({"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": writes})
    return {"Version": "2012-10-17", "Statement": statements}


def _current(identity: AwsIdentity, execution_id: str) -> dict[str, str]:
    credentials = CLIENTS.login(identity, execution_id).session.get_credentials()
    if credentials is None:
        raise ActionError("ConfigurationError", "There are no AWS credentials to give to the job.")
    frozen = credentials.get_frozen_credentials()
    return _named(frozen.access_key, frozen.secret_key, frozen.token)


def _named(access_key: str, secret_key: str, token: str | None) -> dict[str, str]:
    named = {"accessKeyId": access_key, "secretAccessKey": secret_key}
    return named | {"sessionToken": token} if token else named
