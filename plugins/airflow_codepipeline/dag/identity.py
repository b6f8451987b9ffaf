"""As whom, and where, the actions of a pipeline call AWS."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from airflow_codepipeline.actions.base import AwsIdentity
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from airflow_codepipeline.definition.model import Action, Pipeline


def pipeline_region(pipeline: Pipeline) -> str:
    """Return the region a pipeline lives in; its declaration does not say it.

    :raises ActionError: neither the definition nor the environment names one.
    """
    region = (
        pipeline.airflow.region
        or (next(iter(pipeline.artifact_stores)) if len(pipeline.artifact_stores) == 1 else None)
        or os.environ.get("AWS_REGION")
        or os.environ.get("AWS_DEFAULT_REGION")
    )
    if not region:
        raise ActionError(
            "ConfigurationError",
            f"The region of pipeline {pipeline.name} is not known. Set it in the definition "
            "(airflow: {region: eu-west-1}) or in the environment variable AWS_DEFAULT_REGION.",
        )
    return region


def pipeline_identity(pipeline: Pipeline) -> AwsIdentity:
    """Return the identity of the pipeline itself: its service role, in its region."""
    return AwsIdentity(
        region=pipeline_region(pipeline),
        connection_id=pipeline.airflow.aws_conn_id,
        roles=(pipeline.role_arn,) if pipeline.role_arn else (),
    )


def action_identity(pipeline: Pipeline, action: Action) -> AwsIdentity:
    """Return the identity of an action: its own role on top of the pipeline's, in its own region."""
    return AwsIdentity(
        region=action.region or pipeline_region(pipeline),
        connection_id=pipeline.airflow.aws_conn_id,
        roles=tuple(role for role in (pipeline.role_arn, action.role_arn) if role),
    )
