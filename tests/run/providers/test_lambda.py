"""A Lambda action against an AWS that answers over HTTP and really runs what it is asked to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_codepipeline.actions import lambda_invoke
from airflow_codepipeline.actions.base import JobStatus
from airflow_codepipeline.actions.lambda_jobs import Jobs
from airflow_codepipeline.actions.registry import open_session, provider_for
from airflow_codepipeline.errors import ActionError
from fixtures.world import ROLE, carry_out

pytestmark = pytest.mark.slow


class TestLambda:
    CODE = """
def handler(event, context):
    job = event["CodePipeline.job"]
    parameters = job["data"]["actionConfiguration"]["configuration"].get("UserParameters")
    if parameters == "raise":
        raise ValueError("no good")
    return {"id": job["id"], "count": 3, "fine": True, "parameters": parameters, "nested": {}}
"""

    WORKER = """
import io, zipfile
import boto3

def handler(event, context):
    job = event["CodePipeline.job"]
    data, codepipeline = job["data"], boto3.client("codepipeline")
    if "continuationToken" not in data:
        codepipeline.put_job_success_result(jobId=job["id"], continuationToken="go on")
        return
    keys = data["artifactCredentials"]
    s3 = boto3.client(
        "s3",
        aws_access_key_id=keys["accessKeyId"],
        aws_secret_access_key=keys["secretAccessKey"],
        aws_session_token=keys.get("sessionToken"),
        config=boto3.session.Config(s3={"addressing_style": "path"}),
    )
    source, target = (data[kind][0]["location"]["s3Location"]
                      for kind in ("inputArtifacts", "outputArtifacts"))
    body = s3.get_object(Bucket=source["bucketName"], Key=source["objectKey"])["Body"].read()
    text = zipfile.ZipFile(io.BytesIO(body)).read("in.txt").decode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("out.txt", text.upper())
    s3.put_object(Bucket=target["bucketName"], Key=target["objectKey"], Body=made.getvalue())
    codepipeline.put_job_success_result(jobId=job["id"], outputVariables={"Continued": "yes"})
"""

    @pytest.fixture
    def function(self, world) -> str:
        return world.function(self.CODE)

    def started(self, world, function, **more):
        context = world.attempt("Invoke/Lambda", {"FunctionName": function}, **more)
        aws, provider = open_session(context), provider_for(context.action.action_type_id)
        return context, aws, provider, provider.start(aws)

    def test_what_a_function_returns_are_the_variables_where_it_is_waited_for(self, world, function):
        configuration = {"FunctionName": function, "UserParameters": "hi"}
        variables = carry_out(
            world.attempt("Invoke/Lambda", configuration, invocation="RequestResponse")
        ).variables
        assert variables.pop("id")
        assert variables == {"count": "3", "fine": "true", "parameters": "hi"}

    def test_a_function_that_raises_fails_the_action_where_it_is_waited_for(self, world, function):
        configuration = {"FunctionName": function, "UserParameters": "raise"}
        with pytest.raises(ActionError, match=r"failed: .*no good"):
            carry_out(world.attempt("Invoke/Lambda", configuration, invocation="RequestResponse"))

    def test_a_function_works_with_its_artifacts_and_answers_by_itself(self, world, monkeypatch):
        monkeypatch.setattr(lambda_invoke, "CONTINUATION", timedelta(0))
        function = world.function(self.WORKER)
        context = world.attempt(
            "Invoke/Lambda",
            {"FunctionName": function},
            inputs=[world.artifact(**{"in.txt": "hello"})],
            outputs=["Out"],
            roles=(ROLE,),
        )
        outputs = carry_out(context)
        assert outputs.variables == {"Continued": "yes"}
        assert open_session(context).read_file(outputs.artifacts[0], "out.txt") == b"HELLO"

    def test_the_functions_answer_ends_the_action_with_its_variables(self, world, function):
        _, aws, provider, job = self.started(world, function, roles=(ROLE,))
        assert provider.poll(aws, job) is JobStatus.RUNNING
        world.client("codepipeline").put_job_success_result(
            jobId=job.external_execution_id,
            outputVariables={"Tag": "v1"},
            executionDetails={"summary": "All is well"},
        )
        assert provider.poll(aws, job) is JobStatus.SUCCEEDED
        outputs = provider.outputs(aws, job)
        assert (outputs.variables, outputs.summary) == ({"Tag": "v1"}, "All is well")

    def test_the_functions_failure_is_the_actions(self, world, function):
        _, aws, provider, job = self.started(world, function)
        details = {"type": "PermissionError", "message": "Not mine"}
        world.client("codepipeline").put_job_failure_result(
            jobId=job.external_execution_id, failureDetails=details
        )
        with pytest.raises(ActionError, match="PermissionError: Not mine"):
            provider.poll(aws, job)

    def test_a_continuation_token_invokes_once_more_with_a_new_job(self, world, function, monkeypatch):
        context, aws, provider, job = self.started(world, function)
        codepipeline = world.client("codepipeline")
        codepipeline.put_job_success_result(jobId=job.external_execution_id, continuationToken="page 2")
        assert provider.poll(aws, job) is JobStatus.RUNNING
        assert Jobs(context).latest(aws)[0] == 0
        monkeypatch.setattr(lambda_invoke, "CONTINUATION", timedelta(0))
        for _ in range(3):
            assert provider.poll(aws, job) is JobStatus.RUNNING
        turn, document = Jobs(context).latest(aws)
        assert (turn, document.data["continuationToken"]) == (1, "page 2")
        codepipeline.put_job_success_result(jobId=Jobs(context).id(1), outputVariables={"Pages": "2"})
        assert provider.poll(aws, job) is JobStatus.SUCCEEDED
        assert provider.outputs(aws, job).variables == {"Pages": "2"}

    def test_a_start_after_a_crash_does_not_invoke_again(self, world, function):
        _, aws, provider, job = self.started(world, function)
        world.client("lambda").delete_function(FunctionName=function)
        assert provider.start(aws) == job

    def test_a_function_that_is_not_there_fails_and_leaves_no_job_behind(self, world):
        context = world.attempt("Invoke/Lambda", {"FunctionName": "nothing"})
        with pytest.raises(ActionError, match="ResourceNotFoundException"):
            carry_out(context)
        assert "Contents" not in world.s3.list_objects_v2(Bucket=world.store, Prefix="pipeline/jobs/")

    def test_silence_fails_the_action(self, world, function, monkeypatch):
        _, aws, provider, job = self.started(world, function)
        monkeypatch.setattr(lambda_invoke, "SILENCE", timedelta(seconds=-1))
        with pytest.raises(ActionError, match="did not answer job"):
            provider.poll(aws, job)
