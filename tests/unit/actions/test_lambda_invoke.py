from __future__ import annotations

import io
import json
import uuid
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from botocore.response import StreamingBody

from airflow_codepipeline.actions import lambda_jobs
from airflow_codepipeline.actions.lambda_event import event, job_data
from airflow_codepipeline.actions.lambda_invoke import LambdaInvoke
from airflow_codepipeline.actions.lambda_jobs import Jobs
from airflow_codepipeline.actions.lambda_result import VARIABLES_BYTES
from airflow_codepipeline.errors import ActionError, TransientError
from fixtures.attempts import attempt, new_attempt_id, reference

CONFIGURATION = {"FunctionName": "function", "UserParameters": "all"}
ROLE = "arn:aws:iam::123456789012:role/pipeline"


def context(**more):
    return attempt("Invoke", "Lambda", CONFIGURATION, roles=(ROLE,), **more)


def answer(payload: bytes, **more):
    return {"Payload": StreamingBody(io.BytesIO(payload), len(payload)), "StatusCode": 200, **more}


def tell(s3, document):
    """Let S3 tell the document of a job."""
    body, now = json.dumps(document).encode(), datetime.now(UTC)
    stored = {"Body": StreamingBody(io.BytesIO(body), len(body)), "LastModified": now}
    headers = {"HTTPStatusCode": 200, "HTTPHeaders": {"date": format_datetime(now)}}
    s3.add_response("get_object", stored | {"ResponseMetadata": headers})


def test_the_event_is_codepipelines(scripted):
    made = context(inputs=[reference("In")], outputs=["Out"], key_id="alias/mine")
    job = json.loads(event(scripted(made), "job-1", job_data(made, "page 2")))["CodePipeline.job"]
    location = made.output_locations[0]
    assert job == {
        "id": "job-1",
        "accountId": "123456789012",
        "data": {
            "actionConfiguration": {"configuration": CONFIGURATION},
            "inputArtifacts": [
                {
                    "name": "In",
                    "revision": None,
                    "location": {
                        "type": "S3",
                        "s3Location": {"bucketName": "store", "objectKey": "pipeline/In/0000000.zip"},
                    },
                }
            ],
            "outputArtifacts": [
                {
                    "name": "Out",
                    "revision": None,
                    "location": {
                        "type": "S3",
                        "s3Location": {"bucketName": "store", "objectKey": location.key},
                    },
                }
            ],
            "continuationToken": "page 2",
            "encryptionKey": {"id": "alias/mine", "type": "KMS"},
            "artifactCredentials": {"accessKeyId": "key", "secretAccessKey": "secret"},
        },
    }


def test_what_is_stored_of_a_job_holds_no_credentials():
    assert "Credentials" not in json.dumps(job_data(context(), None))


def test_each_turn_of_each_attempt_has_an_id_of_its_own():
    jobs = [Jobs(context(attempt_id=new_attempt_id())) for _ in range(2)]
    assert len({one.id(turn) for one in jobs for turn in range(3)}) == 6
    assert jobs[0].id(1) == jobs[0].id(1)


def test_a_refused_invocation_takes_its_claim_back_so_that_it_can_be_tried_again(scripted):
    aws = scripted(context())
    aws.script("s3").add_response("put_object", {})
    aws.script("lambda").add_client_error("invoke", "TooManyRequestsException", "Slow", http_status_code=429)
    aws.script("s3").add_response("delete_object", {})
    with pytest.raises(TransientError):
        LambdaInvoke().start(aws)


def test_an_invocation_whose_answer_was_lost_is_waited_for_and_not_repeated(scripted, monkeypatch):
    aws = scripted(context())
    aws.script("s3").add_response("put_object", {})

    def lose(**_kwargs):
        raise ReadTimeoutError(endpoint_url="http://lambda")

    aws.client("lambda").meta.events.register("provide-client-params.lambda.Invoke", lose)
    assert LambdaInvoke().start(aws).external_execution_id


def test_an_invocation_that_could_not_be_sent_takes_its_claim_back(scripted):
    aws = scripted(context())
    aws.script("s3").add_response("put_object", {})
    aws.script("s3").add_response("delete_object", {})

    def refuse(**_kwargs):
        raise EndpointConnectionError(endpoint_url="http://lambda")

    aws.client("lambda").meta.events.register("provide-client-params.lambda.Invoke", refuse)
    with pytest.raises(TransientError, match="SystemUnavailable"):
        LambdaInvoke().start(aws)


def test_a_claim_that_somebody_has_does_not_invoke(scripted):
    aws = scripted(context())
    aws.script("s3").add_client_error("put_object", "PreconditionFailed", "No", http_status_code=412)
    tell(aws.script("s3"), {"jobId": "1", "status": "InProgress", "claim": "another"})
    LambdaInvoke().start(aws)


def test_a_claim_whose_answer_was_lost_invokes(scripted, monkeypatch):
    aws, mine = scripted(context()), uuid.UUID(int=7)
    monkeypatch.setattr(lambda_jobs.uuid, "uuid4", lambda: mine)
    aws.script("s3").add_client_error("put_object", "PreconditionFailed", "No", http_status_code=412)
    tell(aws.script("s3"), {"jobId": "1", "status": "InProgress", "claim": mine.hex})
    aws.script("lambda").add_response("invoke", {"StatusCode": 202})
    LambdaInvoke().start(aws)


def test_a_lost_answer_of_a_function_that_is_waited_for_is_a_failure(scripted):
    aws = scripted(context(invocation="RequestResponse"))

    def lose(**_kwargs):
        raise ReadTimeoutError(endpoint_url="http://lambda")

    aws.client("lambda").meta.events.register("provide-client-params.lambda.Invoke", lose)
    with pytest.raises(ActionError, match="may have been running") as failure:
        LambdaInvoke().start(aws)
    assert not isinstance(failure.value, TransientError)


@pytest.mark.parametrize(
    ("payload", "variables"),
    [
        (
            b'{"a": "x", "b": 2, "c": 1.5, "d": true, "e": null, "f": [], "g": {}}',
            {"a": "x", "b": "2", "c": "1.5", "d": "true"},
        ),
        (b"null", {}),
        (b"", {}),
        (b'"text"', {}),
    ],
)
def test_the_scalar_members_of_what_a_function_returns_are_variables(scripted, payload, variables):
    aws = scripted(context(invocation="RequestResponse"))
    aws.script("lambda").add_response("invoke", answer(payload))
    assert LambdaInvoke().outputs(aws, LambdaInvoke().start(aws)).variables == variables


@pytest.mark.parametrize(
    ("payload", "more", "reason"),
    [
        (b"no json", {}, "returned no JSON"),
        (b'{"errorMessage": "no", "errorType": "E"}', {"FunctionError": "Unhandled"}, "failed: E: no"),
        (b"killed", {"FunctionError": "Unhandled"}, "failed: killed"),
        (json.dumps({"a": "x" * VARIABLES_BYTES}).encode(), {}, "the limit is 122,880"),
    ],
)
def test_what_a_function_must_not_return_fails_the_action(scripted, payload, more, reason):
    aws = scripted(context(invocation="RequestResponse"))
    aws.script("lambda").add_response("invoke", answer(payload, **more))
    with pytest.raises(ActionError, match=reason):
        LambdaInvoke().start(aws)
