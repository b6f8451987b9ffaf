from __future__ import annotations

import re

import pytest

from airflow_codepipeline.artifacts.layout import artifact_key, encryption, plan_outputs
from airflow_codepipeline.definition.model import (
    Action,
    ActionTypeId,
    ArtifactStore,
    EncryptionKey,
    OutputArtifact,
    Pipeline,
    Stage,
)
from airflow_codepipeline.errors import ArtifactError

EXECUTION = "0c3f1f0e-8d5e-4f5b-9d0f-0f8c4f0e8d5e"


def build(*outputs: str) -> Action:
    return Action(
        name="Build",
        action_type_id=ActionTypeId(category="Build", provider="CodeBuild"),
        output_artifacts=tuple(OutputArtifact(name=name) for name in outputs),
    )


def pipeline(**stores) -> Pipeline:
    return Pipeline(
        name="a-pipeline-with-a-long-name", stages=(Stage(name="S", actions=(build(),)),), **stores
    )


def test_a_key_has_short_folders_and_a_random_name():
    key = artifact_key(
        pipeline="a-pipeline-with-a-long-name", artifact="SourceArtifact", action_execution_id="x"
    )
    assert re.fullmatch(r"a-pipeline-with-a-lo/SourceArti/[0-9A-Za-z]{7}\.zip", key)


def test_an_attempt_that_starts_again_writes_the_same_key_and_a_new_attempt_another():
    keys = [
        artifact_key(pipeline="p", artifact="A", action_execution_id=attempt) for attempt in ("1", "1", "2")
    ]
    assert keys[0] == keys[1] != keys[2]


def test_artifacts_of_one_attempt_whose_names_begin_alike_do_not_collide():
    one, other = (
        artifact_key(pipeline="p", artifact=name, action_execution_id="1")
        for name in ("ArtifactNumber1", "ArtifactNumber2")
    )
    assert one != other


def test_outputs_go_to_the_store_of_the_actions_region_with_its_key():
    stores = {
        "eu-west-1": ArtifactStore(location="here"),
        "us-east-1": ArtifactStore(location="there", encryption_key=EncryptionKey(id="alias/k")),
    }
    planned = plan_outputs(
        pipeline(artifact_stores=stores),
        build("One", "Two"),
        action_execution_id=EXECUTION,
        region="us-east-1",
    )
    assert [(item.name, item.bucket, item.region, item.kms_key_id) for item in planned] == [
        ("One", "there", "us-east-1", "alias/k"),
        ("Two", "there", "us-east-1", "alias/k"),
    ]


def test_an_output_in_a_region_without_a_store_is_refused_with_the_stores_there_are():
    stores = {"eu-west-1": ArtifactStore(location="a"), "eu-west-2": ArtifactStore(location="b")}
    with pytest.raises(
        ArtifactError, match=r"no artifact store in us-east-1. Its stores: eu-west-1, eu-west-2"
    ):
        plan_outputs(
            pipeline(artifact_stores=stores), build("One"), action_execution_id=EXECUTION, region="us-east-1"
        )


def test_an_action_without_outputs_needs_no_store():
    assert plan_outputs(pipeline(), build(), action_execution_id=EXECUTION, region="us-east-1") == ()


def test_artifacts_are_encrypted_with_the_customers_key_or_the_managed_one():
    assert encryption("alias/mine") == {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/mine"}
    assert encryption(None) == {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/aws/s3"}
