"""Where artifacts lie in a store, as CodePipeline lays them out.

A key is `<pipeline, 20 characters>/<artifact, 10 characters>/<7 random characters>.zip`. The random
part follows from the attempt at the action, so an attempt that is started again after a crash writes
the same object again. Short names keep the session policy of artifact credentials within its limit.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from airflow_codepipeline.artifacts.reference import ArtifactLocation
from airflow_codepipeline.errors import ArtifactError

if TYPE_CHECKING:
    from airflow_codepipeline.definition.model import Action, ArtifactStore, Pipeline

PIPELINE_CHARACTERS = 20
ARTIFACT_CHARACTERS = 10
RANDOM_CHARACTERS = 7
MANAGED_KEY = "alias/aws/s3"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def artifact_key(*, pipeline: str, artifact: str, action_execution_id: str) -> str:
    """Return the key of an output artifact; the same attempt always gets the same key."""
    name = _random_name(f"{action_execution_id}/{artifact}")
    return f"{folder(pipeline)}/{artifact[:ARTIFACT_CHARACTERS]}/{name}.zip"


def folder(pipeline: str) -> str:
    """Return the first part of every key that a pipeline writes."""
    return pipeline[:PIPELINE_CHARACTERS]


def plan_outputs(
    pipeline: Pipeline, action: Action, *, action_execution_id: str, region: str
) -> tuple[ArtifactLocation, ...]:
    """Say where each output artifact of one attempt is to be written.

    :param region: the region the action runs in.
    :raises ArtifactError: the action has outputs, and the pipeline has no store for that region.
    """
    if not action.output_artifacts:
        return ()
    store = store_of(pipeline, region)
    return tuple(
        ArtifactLocation(
            name=artifact.name,
            bucket=store.location,
            key=artifact_key(
                pipeline=pipeline.name, artifact=artifact.name, action_execution_id=action_execution_id
            ),
            region=region,
            kms_key_id=store.encryption_key.id if store.encryption_key else None,
        )
        for artifact in action.output_artifacts
    )


def store_of(pipeline: Pipeline, region: str) -> ArtifactStore:
    """Return the store of a region.

    :raises ArtifactError: the pipeline declares no store for it.
    """
    store = store_or_none(pipeline, region)
    if store is None:
        known = ", ".join(sorted(pipeline.artifact_stores)) or "none"
        raise ArtifactError(
            f"Pipeline {pipeline.name} has no artifact store in {region}. Its stores: {known}. "
            f"Add {region} to artifactStores."
        )
    return store


def store_or_none(pipeline: Pipeline, region: str) -> ArtifactStore | None:
    """Return the store of a region, or none: an action without artifacts may do without."""
    try:
        return pipeline.store(region)
    except KeyError:
        return None


def encryption(kms_key_id: str | None) -> dict[str, str]:
    """Return the S3 arguments that encrypt an artifact: with the customer's key, else with `aws/s3`."""
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id or MANAGED_KEY}


def _random_name(seed: str) -> str:
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
    characters = []
    for _ in range(RANDOM_CHARACTERS):
        number, digit = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[digit])
    return "".join(characters)
