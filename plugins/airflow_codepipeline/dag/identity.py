"""As whom, and where, the actions of a pipeline call AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.actions.base import AwsIdentity
from airflow_codepipeline.errors import ActionError
from airflow_codepipeline.settings import environment_region

if TYPE_CHECKING:
    from airflow_codepipeline.definition.model import Action, Pipeline


def pipeline_region(pipeline: Pipeline) -> str:
    """Return the region a pipeline lives in; its declaration does not say it.

    :raises ActionError: neither the definition nor the environment names one.
    """
    return known_region(pipeline.name, declared_region(pipeline))


def region_or_none(pipeline: Pipeline) -> str | None:
    """Return the region of a pipeline, or none where nothing names one."""
    return declared_region(pipeline) or environment_region()


def declared_region(pipeline: Pipeline) -> str | None:
    """Return the region that a definition names, or none."""
    stores = pipeline.artifact_stores
    return pipeline.airflow.region or (next(iter(stores)) if len(stores) == 1 else None)


def known_region(pipeline: str, declared: str | None) -> str:
    """Return the region of a pipeline: the one that its definition names, or the environment's.

    :raises ActionError: neither names one.
    """
    region = declared or environment_region()
    if not region:
        raise ActionError(
            "ConfigurationError",
            f"The region of pipeline {pipeline} is not known. Set it in the definition "
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
