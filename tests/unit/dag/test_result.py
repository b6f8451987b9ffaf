from __future__ import annotations

import json

import msgspec
import pytest

from airflow_codepipeline.artifacts.reference import ArtifactReference
from airflow_codepipeline.dag.result import ActionResult

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
