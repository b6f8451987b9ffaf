"""A pipeline's ARN, as other services know pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.aws.clients import CLIENTS

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import AwsIdentity
    from airflow_codepipeline.events.subject import Subject


def pipeline_arn(subject: Subject, identity: AwsIdentity) -> str:
    """Return the ARN of the pipeline whose execution is told of.

    :param identity: as whom AWS is called, and where.
    """
    partition, account = pipeline_account(subject, identity)
    return f"arn:{partition}:codepipeline:{identity.region}:{account}:{subject.pipeline}"


def pipeline_account(subject: Subject, identity: AwsIdentity) -> tuple[str, str]:
    """Return the partition and the account of the pipeline: its role's, else the caller's.

    :raises ActionError: it has no role, and nobody says who calls.
    """
    arn = subject.role_arn
    if arn is None:
        client = CLIENTS.get(identity, subject.execution_id, "sts", identity.region)
        arn = _callers.get(identity) or _callers.setdefault(identity, client.get_caller_identity()["Arn"])
    parts = arn.split(":")
    return parts[1], parts[4]


_callers: dict[AwsIdentity, str] = {}
