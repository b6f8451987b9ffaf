from __future__ import annotations

import json

import pytest

from airflow_codepipeline.aws.artifact_credentials import limited_credentials, session_policy
from fixtures.attempts import attempt, reference


def test_the_policy_reads_inputs_and_writes_outputs_and_nothing_else():
    context = attempt("Invoke", "Lambda", {}, inputs=[reference("In")], outputs=["Out"])
    statements = session_policy(context)["Statement"]
    assert {action: item["Resource"] for item in statements for action in item["Action"]} == {
        "kms:Decrypt": "*",
        "kms:GenerateDataKey": "*",
        "s3:GetObject": ["arn:aws:s3:::store/pipeline/In/0000000.zip"],
        "s3:GetObjectVersion": ["arn:aws:s3:::store/pipeline/In/0000000.zip"],
        "s3:PutObject": [f"arn:aws:s3:::store/{context.output_locations[0].key}"],
    }


def test_ten_artifacts_fit_into_the_2048_characters_that_sts_takes():
    names = [f"ArtifactWithLongName{number}" for number in range(5)]
    context = attempt("Invoke", "Lambda", {}, inputs=[reference(name) for name in names], outputs=names)
    assert len(json.dumps(session_policy(context), separators=(",", ":"))) <= 2048


def test_without_a_role_the_job_gets_the_credentials_there_are(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    found = limited_credentials(attempt("Invoke", "Lambda", {}))
    assert found == {"accessKeyId": "mine", "secretAccessKey": "secret"}


@pytest.fixture(autouse=True)
def _fresh_clients():
    from airflow_codepipeline.aws.clients import CLIENTS

    CLIENTS.clear()
    yield
    CLIENTS.clear()
