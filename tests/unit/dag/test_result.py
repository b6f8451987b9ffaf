from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import pytest

from airflow_codepipeline.actions.base import ActionContext, AwsIdentity, Job, Outputs, SourceRevision
from airflow_codepipeline.artifacts.reference import ArtifactReference
from airflow_codepipeline.dag.result import ActionResult
from airflow_codepipeline.definition.model import Action, ActionTypeId
from airflow_codepipeline.errors import ActionError

ARTIFACT = ArtifactReference(
    name="Package", bucket="store", key="a/b.zip", region="eu-west-1", version_id="7"
)
RESULT = ActionResult(
    action_execution_id="0c3f1f0e-8d5e-4f5b-9d0f-0f8c4f0e8d5e",
    external_execution_id="build:1",
    summary="Built",
    variables={"VERSION": "1.0.7"},
    artifacts=(ARTIFACT,),
)


def test_a_result_survives_xcom():
    assert ActionResult.from_xcom(json.loads(json.dumps(RESULT.to_xcom()))) == RESULT


def test_its_members_are_spelled_as_aws_spells_them_and_empty_ones_are_left_out():
    value = RESULT.to_xcom()

    assert set(value) == {"actionExecutionId", "externalExecutionId", "summary", "variables", "artifacts"}
    assert value["artifacts"][0]["bucket"] == "store"


@pytest.mark.parametrize("value", [None, "text", {}, {"actionExecutionId": 5}])
def test_what_is_no_result_is_refused(value):
    with pytest.raises(msgspec.ValidationError):
        ActionResult.from_xcom(value)


def context_of(**more):
    action = Action(name="Code", action_type_id=ActionTypeId(category="Source", provider="S3"))
    identity = AwsIdentity(region="eu-west-1")
    return ActionContext(
        pipeline="shop", pipeline_execution_id="1", stage="Source", action=action, action_execution_id="2",
        identity=identity, store_identity=identity, **more,
    )  # fmt: skip


THEN = datetime(2026, 1, 2, tzinfo=UTC)
VERSION, KEY = (SourceRevision(type=f"S3_OBJECT_{kind}", value="x") for kind in ("VERSION_ID", "KEY"))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, None),
        ({"as_of": THEN}, "current at 2026-01-02T00:00Z"),
        ({"source_revisions": (VERSION,), "as_of": THEN}, "given at the start"),
        ({"source_revisions": (KEY,), "as_of": THEN}, "current at 2026-01-02T00:00Z"),
    ],
)
def test_a_source_says_why_it_took_its_revision(more, reason):
    result = ActionResult.of(context_of(**more), Job(external_execution_id="7"), Outputs(summary="Took 7"))

    assert result.revision_reason == reason
    assert result.summary == ("Took 7" if reason is None else f"Took 7 ({reason})")


def test_variables_that_are_too_large_fail_the_action():
    left = Outputs(variables={"TEXT": "x" * 122_880})

    with pytest.raises(ActionError, match="122884 bytes") as caught:
        ActionResult.of(context_of(), Job(external_execution_id="7"), left)
    assert caught.value.code == "OutputVariablesSizeExceededException"
