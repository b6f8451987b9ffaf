"""Input artifacts of an action in another region (user guide, cross-region actions).

The services of a region read artifacts from that region's store only, so an input that lies elsewhere is
copied there first; outputs stay where they are written, and are copied when they are read elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from airflow_codepipeline.actions.objects import copy
from airflow_codepipeline.actions.settings import the_store
from airflow_codepipeline.artifacts.layout import artifact_key, encryption

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Aws
    from airflow_codepipeline.artifacts.reference import ArtifactReference


def with_regional_inputs(aws: Aws) -> ActionContext:
    """Return the attempt with every input artifact in the action's own region.

    Safe to repeat: a repeated copy writes the same object again.

    :raises ActionError: the pipeline has no store in the region, or an artifact cannot be copied.
    """
    inputs = tuple(_in_region(aws, artifact) for artifact in aws.context.input_artifacts)
    return msgspec.structs.replace(aws.context, input_artifacts=inputs)


def _in_region(aws: Aws, artifact: ArtifactReference) -> ArtifactReference:
    context = aws.context
    if artifact.region == context.identity.region:
        return artifact
    store = the_store(context)
    key_id = store.encryption_key.id if store.encryption_key else None
    key = artifact_key(
        pipeline=context.pipeline, artifact=artifact.name, action_execution_id=context.action_execution_id
    )
    source = {"Bucket": artifact.bucket, "Key": artifact.key}
    if artifact.version_id:
        source["VersionId"] = artifact.version_id
    version = copy(aws.store_client(), source, bucket=store.location, key=key, arguments=encryption(key_id))
    return msgspec.structs.replace(
        artifact,
        bucket=store.location,
        key=key,
        region=context.identity.region,
        kms_key_id=key_id,
        version_id=version,
    )
