"""The providers against an AWS that answers over HTTP and really runs what it is asked to."""

from __future__ import annotations

import io
import json
import random
import time
import uuid
import zipfile
from datetime import UTC, datetime, timedelta

import boto3
import msgspec
import pytest
from botocore.config import Config

from airflow_codepipeline.actions import lambda_invoke, objects
from airflow_codepipeline.actions.base import ActionContext, AwsIdentity, JobStatus, SourceRevision
from airflow_codepipeline.actions.lambda_jobs import Jobs
from airflow_codepipeline.actions.regional import with_regional_inputs
from airflow_codepipeline.actions.registry import open_session, provider_for
from airflow_codepipeline.artifacts.layout import plan_outputs
from airflow_codepipeline.artifacts.limits import Limits
from airflow_codepipeline.artifacts.reference import ArtifactReference
from airflow_codepipeline.aws.clients import CLIENTS
from airflow_codepipeline.aws.store import Store
from airflow_codepipeline.definition.extension import ActionExtension
from airflow_codepipeline.definition.model import (
    Action,
    ActionTypeId,
    ArtifactStore,
    OutputArtifact,
    Pipeline,
    Stage,
)
from airflow_codepipeline.errors import ActionError, ArtifactError

pytestmark = pytest.mark.slow
REGION = "us-east-1"
ROLE = "arn:aws:iam::000000000000:role/pipeline"
PATIENCE = 60.0


class World:
    """A store, a source bucket, and a way to carry actions out."""

    def __init__(self) -> None:
        self.store, self.source = f"store-{uuid.uuid4().hex[:8]}", f"source-{uuid.uuid4().hex[:8]}"
        self.s3 = self.client("s3")
        for bucket in (self.store, self.source):
            self.bucket(bucket)

    @staticmethod
    def client(service: str):
        return boto3.client(service, region_name=REGION, config=Config(s3={"addressing_style": "path"}))

    def bucket(self, name: str, *, versioned: bool = True) -> str:
        self.s3.create_bucket(Bucket=name)
        if versioned:
            status = {"Status": "Enabled"}
            self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=status)
        return name

    def artifact(self, name: str = "In", **files: str | bytes) -> ArtifactReference:
        key = f"pipeline/{name}/{uuid.uuid4().hex}.zip"
        put = self.s3.put_object(Bucket=self.store, Key=key, Body=zipped(files))
        return ArtifactReference(
            name=name, bucket=self.store, key=key, region=REGION, version_id=put["VersionId"]
        )

    def attempt(self, kind: str, configuration, *, inputs=(), outputs=(), roles=(), **more) -> ActionContext:
        category, provider = kind.split("/")
        action = Action(
            name="A",
            action_type_id=ActionTypeId(category=category, provider=provider),
            configuration=configuration,
            output_artifacts=tuple(OutputArtifact(name=name) for name in outputs),
            airflow=ActionExtension(invocation=more.pop("invocation", None)),
        )
        store = ArtifactStore(location=self.store)
        pipeline = Pipeline(
            name="pipeline", stages=(Stage(name="S", actions=(action,)),), artifact_store=store
        )
        attempt_id, identity = str(uuid.uuid4()), AwsIdentity(region=REGION, roles=roles)
        return ActionContext(
            pipeline="pipeline",
            pipeline_execution_id=str(uuid.uuid4()),
            stage="S",
            action=action,
            action_execution_id=attempt_id,
            identity=identity,
            store_identity=identity,
            store=store,
            input_artifacts=tuple(inputs),
            output_locations=plan_outputs(pipeline, action, action_execution_id=attempt_id, region=REGION),
            **more,
        )


def zipped(files) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return body.getvalue()


def carry_out(context: ActionContext):
    aws, provider = open_session(context), provider_for(context.action.action_type_id)
    job = provider.start(aws)
    wait(aws, provider, job)
    return provider.outputs(aws, job)


def wait(aws, provider, job) -> None:
    deadline = time.monotonic() + PATIENCE
    while provider.poll(aws, job) is JobStatus.RUNNING:
        assert time.monotonic() < deadline, f"{job} did not end"
        time.sleep(0.1)


@pytest.fixture
def world(embedded_aws, monkeypatch):
    for name, value in {
        "AWS_ENDPOINT_URL": embedded_aws.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    CLIENTS.clear()
    yield World()
    CLIENTS.clear()


class TestS3Source:
    @pytest.fixture
    def versions(self, world) -> dict[str, str]:
        summary = {"codepipeline-artifact-revision-summary": "the first"}
        put = {"Bucket": world.source, "Key": "app.zip"}
        first = world.s3.put_object(**put, Body=zipped({"n": "1"}), Metadata=summary)["VersionId"]
        return {"first": first, "second": world.s3.put_object(**put, Body=zipped({"n": "2"}))["VersionId"]}

    def source(self, world, key="app.zip", outputs=("Source",), **more):
        configuration = {"S3Bucket": world.source, "S3ObjectKey": key} | more.pop("configuration", {})
        return world.attempt("Source/S3", configuration, outputs=outputs, **more)

    def test_the_latest_version_is_copied_to_the_store_and_described(self, world, versions):
        context = self.source(world)
        outputs = carry_out(context)
        assert outputs.variables["VersionId"] == versions["second"]
        assert outputs.variables.keys() == {"BucketName", "ETag", "ObjectKey", "VersionId"}
        (artifact,) = outputs.artifacts
        assert artifact.revision_id == versions["second"]
        assert artifact.key == context.output_locations[0].key
        assert open_session(context).read_file(artifact, "n") == b"2"
        head = world.s3.head_object(Bucket=artifact.bucket, Key=artifact.key)
        assert head["ServerSideEncryption"] == "aws:kms"

    def test_an_override_takes_another_version_with_its_summary(self, world, versions):
        override = SourceRevision(type="S3_OBJECT_VERSION_ID", value=versions["first"])
        outputs = carry_out(self.source(world, source_revision=override))
        assert outputs.variables["VersionId"] == versions["first"]
        assert outputs.artifacts[0].revision_summary == "the first"

    def test_a_backfill_takes_the_version_that_was_current_then(self, world, versions):
        now = datetime.now(UTC) + timedelta(seconds=5)
        assert carry_out(self.source(world, as_of=now)).variables["VersionId"] == versions["second"]
        with pytest.raises(ActionError, match=r"did not exist at 2020-01-01"):
            carry_out(self.source(world, as_of=datetime(2020, 1, 1, tzinfo=UTC)))

    def test_an_object_that_was_deleted_then_is_unavailable(self, world, versions):
        world.s3.delete_object(Bucket=world.source, Key="app.zip")
        with pytest.raises(ActionError, match="RevisionUnavailable"):
            carry_out(self.source(world, as_of=datetime.now(UTC) + timedelta(seconds=5)))

    def test_the_key_is_overridden_only_where_the_action_allows_it(self, world, versions):
        world.s3.put_object(Bucket=world.source, Key="other.zip", Body=zipped({}))
        override = SourceRevision(type="S3_OBJECT_KEY", value="other.zip")
        with pytest.raises(ActionError, match="AllowOverrideForS3ObjectKey"):
            carry_out(self.source(world, source_revision=override))
        allowed = {"AllowOverrideForS3ObjectKey": "true"}
        outputs = carry_out(self.source(world, source_revision=override, configuration=allowed))
        assert outputs.variables["ObjectKey"] == "other.zip"

    def test_a_start_after_a_crash_keeps_the_version_although_a_newer_one_came(self, world, versions):
        context = self.source(world)
        aws, provider = open_session(context), provider_for(context.action.action_type_id)
        job = provider.start(aws)
        world.s3.put_object(Bucket=world.source, Key="app.zip", Body=zipped({"n": "3"}))
        assert provider.outputs(aws, job).variables["VersionId"] == versions["second"]

    def test_a_missing_object_and_a_bucket_without_versions_are_refused(self, world):
        with pytest.raises(ActionError, match="RevisionUnavailable: There is no s3://"):
            carry_out(self.source(world, key="nothing.zip"))
        plain = world.bucket(f"plain-{uuid.uuid4().hex[:8]}", versioned=False)
        with pytest.raises(ActionError, match="Enable versioning on it"):
            carry_out(self.source(world, configuration={"S3Bucket": plain}))

    def test_roles_are_assumed_on_top_of_each_other(self, world, versions):
        outputs = carry_out(self.source(world, roles=(ROLE, "arn:aws:iam::000000000000:role/action")))
        assert outputs.variables["VersionId"] == versions["second"]


class TestS3Deploy:
    @pytest.fixture
    def target(self, world) -> str:
        return world.bucket(f"target-{uuid.uuid4().hex[:8]}", versioned=False)

    def objects(self, world, target):
        listed = world.s3.list_objects_v2(Bucket=target).get("Contents", ())
        return {item["Key"]: world.s3.head_object(Bucket=target, Key=item["Key"]) for item in listed}

    def test_files_are_put_under_the_prefix_with_their_types_and_headers(self, world, target):
        artifact = world.artifact(**{"index.html": "<p>", "css/a.css": "a{}", "data": "x"})
        configuration = {
            "BucketName": target,
            "Extract": "true",
            "ObjectKey": "site/",
            "CacheControl": "no-store",
        }
        carry_out(world.attempt("Deploy/S3", configuration, inputs=[artifact]))
        found = self.objects(world, target)
        assert {key: head["ContentType"] for key, head in found.items()} == {
            "site/index.html": "text/html",
            "site/css/a.css": "text/css",
            "site/data": "binary/octet-stream",
        }
        assert {head["CacheControl"] for head in found.values()} == {"no-store"}

    def test_the_zip_itself_is_put_where_it_is_not_extracted(self, world, target):
        configuration = {"BucketName": target, "Extract": "false", "ObjectKey": "a/b.zip"}
        carry_out(world.attempt("Deploy/S3", configuration, inputs=[world.artifact(x="1")]))
        assert list(self.objects(world, target)) == ["a/b.zip"]

    def test_a_start_after_a_crash_writes_the_same_keys_and_a_new_attempt_others(self, world, target):
        configuration = {"BucketName": target, "Extract": "true", "ObjectKey": "{datetime}/{uuid}"}
        artifact = world.artifact(x="1")
        context = world.attempt("Deploy/S3", configuration, inputs=[artifact])
        carry_out(context)
        carry_out(context)
        assert len(self.objects(world, target)) == 1
        carry_out(world.attempt("Deploy/S3", configuration, inputs=[artifact]))
        assert len(self.objects(world, target)) == 2

    @pytest.mark.parametrize(
        ("configuration", "reason"),
        [
            ({"Extract": "false"}, "needs ObjectKey"),
            ({}, "needs Extract"),
            ({"Extract": "no"}, "true or false"),
        ],
    )
    def test_a_configuration_that_cannot_work_is_refused(self, world, target, configuration, reason):
        with pytest.raises(ActionError, match=reason):
            carry_out(world.attempt("Deploy/S3", {"BucketName": target, **configuration}))


class TestCodeBuild:
    BUILDSPEC = """
version: 0.2
env: {exported-variables: [TAG]}
phases: {build: {commands: ['export TAG=v-$X', 'cp in.txt out.txt', 'exit ${CODE:-0}']}}
artifacts: {files: [out.txt]}
"""
    TWO = """
version: 0.2
phases: {build: {commands: ['cp $CODEBUILD_SRC_DIR_the_other/o.txt b.txt']}}
artifacts: {secondary-artifacts: {A: {files: [in.txt]}, the_b: {files: [b.txt]}}}
"""

    @pytest.fixture
    def project(self, world) -> str:
        name = f"project-{uuid.uuid4().hex[:8]}"
        world.client("codebuild").create_project(
            name=name,
            source={"type": "CODEPIPELINE"},
            artifacts={"type": "CODEPIPELINE"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole="arn:aws:iam::000000000000:role/build",
        )
        return name

    def build(
        self, world, project, *, kind="Build", inputs=None, outputs=("Out",), variables=(), **configuration
    ):
        entries = [{"name": name, "value": value} for name, value in dict(variables).items()]
        configuration |= {"ProjectName": project, "EnvironmentVariables": json.dumps(entries)}
        inputs = inputs or [world.artifact(**{"in.txt": "hello", "buildspec.yml": self.BUILDSPEC})]
        return world.attempt(f"{kind}/CodeBuild", configuration, inputs=inputs, outputs=outputs)

    def test_a_project_of_codepipeline_builds_from_the_input_into_the_planned_output(self, world, project):
        context = self.build(world, project, variables={"X": "7"})
        outputs = carry_out(context)
        assert outputs.variables == {"TAG": "v-7"}
        assert open_session(context).read_file(outputs.artifacts[0], "out.txt") == b"hello"

    def test_several_inputs_and_outputs_go_by_their_names(self, world, project):
        inputs = [
            world.artifact(**{"in.txt": "hello", "two.yml": self.TWO}),
            world.artifact("the-other", **{"o.txt": "other"}),
        ]
        context = self.build(
            world,
            project,
            kind="Test",
            inputs=inputs,
            outputs=("A", "the-b"),
            PrimarySource="In",
            BuildspecOverride="two.yml",
        )
        one, other = carry_out(context).artifacts
        aws = open_session(context)
        assert (aws.read_file(one, "in.txt"), aws.read_file(other, "b.txt")) == (b"hello", b"other")

    def test_a_command_that_fails_fails_the_action_with_its_phase_and_log(self, world, project):
        with pytest.raises(
            ActionError, match=r"FAILED. Phase BUILD: COMMAND_EXECUTION_ERROR .*status 3.*Log: http"
        ):
            carry_out(self.build(world, project, variables={"X": "7", "CODE": "3"}))

    def test_a_repeated_start_finds_the_same_build(self, world, project):
        context = self.build(world, project, variables={"X": "7"})
        aws, provider = open_session(context), provider_for(context.action.action_type_id)
        assert provider.start(aws) == provider.start(aws)

    def test_a_build_is_stopped(self, world, project):
        sleeper = "version: 0.2\nphases: {build: {commands: [sleep 300]}}"
        context = self.build(world, project, outputs=(), BuildspecOverride=sleeper)
        aws, provider = open_session(context), provider_for(context.action.action_type_id)
        job = provider.start(aws)
        provider.stop(aws, job)
        with pytest.raises(ActionError, match="terminated with state STOPPED"):
            wait(aws, provider, job)
        provider.stop(aws, job)


class TestCloudFormation:
    @pytest.fixture
    def stack(self) -> str:
        return f"stack-{uuid.uuid4().hex[:8]}"

    def template(self, delay: int, padding: int = 0) -> str:
        queue = {"QueueName": {"Ref": "Name"}, "DelaySeconds": delay}
        return json.dumps(
            {
                "Metadata": {"padding": "x" * padding},
                "Parameters": {"Name": {"Type": "String"}},
                "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": queue}},
                "Outputs": {"Url": {"Value": {"Ref": "Queue"}}},
            }
        )

    def action(self, world, mode, stack, *, delay=1, padding=0, outputs=(), template=None, **configuration):
        artifact = world.artifact(
            **{
                "t.json": template or self.template(delay, padding),
                "c.json": json.dumps({"Parameters": {"Name": "ignored"}, "Tags": {"team": "web"}}),
                "p.json": json.dumps({"Name": stack}),
            }
        )
        configuration |= {
            "ActionMode": mode,
            "StackName": stack,
            "TemplatePath": "In::t.json",
            "TemplateConfiguration": "In::c.json",
            "ParameterOverrides": '{"Name": {"Fn::GetParam": ["In", "p.json", "Name"]}}',
        }
        return world.attempt("Deploy/CloudFormation", configuration, inputs=[artifact], outputs=outputs)

    def delay(self, world, outputs) -> str:
        attributes = world.client("sqs").get_queue_attributes(
            QueueUrl=outputs.variables["Url"], AttributeNames=["DelaySeconds"]
        )
        return attributes["Attributes"]["DelaySeconds"]

    def test_a_stack_is_created_updated_left_alone_and_deleted(self, world, stack):
        context = self.action(world, "CREATE_UPDATE", stack, outputs=("Out",), OutputFileName="o.json")
        created = carry_out(context)
        written = json.loads(open_session(context).read_file(created.artifacts[0], "o.json"))
        assert written == created.variables
        assert carry_out(context).variables == created.variables
        updated = carry_out(self.action(world, "CREATE_UPDATE", stack, delay=2, padding=60_000))
        assert self.delay(world, updated) == "2"
        assert carry_out(self.action(world, "CREATE_UPDATE", stack, delay=2, padding=60_000)) == updated
        for _ in range(2):
            carry_out(self.action(world, "DELETE_ONLY", stack))

    def test_a_change_set_is_prepared_replaced_and_executed(self, world, stack):
        for delay in (3, 4):
            carry_out(self.action(world, "CHANGE_SET_REPLACE", stack, delay=delay, ChangeSetName="changes"))
        execute = self.action(world, "CHANGE_SET_EXECUTE", stack, ChangeSetName="changes")
        assert self.delay(world, carry_out(execute)) == "4"
        carry_out(execute)
        carry_out(self.action(world, "CHANGE_SET_REPLACE", stack, delay=4, ChangeSetName="changes"))
        carry_out(self.action(world, "CHANGE_SET_EXECUTE", stack, ChangeSetName="changes"))

    def test_a_stack_that_failed_says_why_and_is_replaced(self, world, stack):
        queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q.fifo", "FifoQueue": False}}
        broken = json.dumps({"Parameters": {"Name": {"Type": "String"}}, "Resources": {"Broken": queue}})
        with pytest.raises(ActionError, match=r"ROLLBACK_COMPLETE. Broken \(AWS::SQS::Queue\): "):
            carry_out(self.action(world, "CREATE_UPDATE", stack, template=broken))
        with pytest.raises(ActionError, match="ValidationError"):
            carry_out(self.action(world, "CREATE_UPDATE", stack))
        assert self.delay(world, carry_out(self.action(world, "REPLACE_ON_FAILURE", stack))) == "1"


class TestLambda:
    CODE = """
def handler(event, context):
    job = event["CodePipeline.job"]
    parameters = job["data"]["actionConfiguration"]["configuration"].get("UserParameters")
    if parameters == "raise":
        raise ValueError("no good")
    return {"id": job["id"], "count": 3, "fine": True, "parameters": parameters, "nested": {}}
"""

    @pytest.fixture
    def function(self, world) -> str:
        name = f"function-{uuid.uuid4().hex[:8]}"
        world.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role="arn:aws:iam::000000000000:role/function",
            Handler="index.handler",
            Code={"ZipFile": zipped({"index.py": self.CODE})},
        )
        return name

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


class TestStore:
    def test_an_artifact_is_unpacked(self, world, tmp_path):
        aws = open_session(world.attempt("Deploy/S3", {}))
        files = aws.unpack(world.artifact(**{"a/b.txt": "x"}), tmp_path / "In")
        assert [path.as_posix() for path in files] == ["a/b.txt"]
        assert (tmp_path / "In/a/b.txt").read_text() == "x"

    def test_an_artifact_that_is_missing_or_too_large_is_refused_by_name(self, world):
        artifact = world.artifact(x="1")
        store = Store(world.s3, Limits(packed_bytes=10))
        with pytest.raises(
            ArtifactError, match=r"Artifact In is refused: it has .*CODEPIPELINE_MAX_ARTIFACT_BYTES"
        ):
            store.read_file(artifact, "x")
        gone = msgspec.structs.replace(artifact, key="gone", version_id=None)
        aws = open_session(world.attempt("Deploy/S3", {}))
        with pytest.raises(ArtifactError, match=r"Artifact In is not at s3://.*/gone"):
            aws.read_file(gone, "x")

    def test_a_large_object_is_copied_in_parts_at_its_version(self, world, monkeypatch):
        monkeypatch.setattr(objects, "_ONE_CALL_BYTES", 1024)
        body = random.Random(1).randbytes(17 * 1024 * 1024)
        source = {"Bucket": world.source, "Key": "large"}
        version = world.s3.put_object(**source, Body=body)["VersionId"]
        world.s3.put_object(**source, Body=b"newer")
        configuration = {"S3Bucket": world.source, "S3ObjectKey": "large"}
        override = SourceRevision(type="S3_OBJECT_VERSION_ID", value=version)
        attempt = world.attempt("Source/S3", configuration, outputs=("S",), source_revision=override)
        (artifact,) = carry_out(attempt).artifacts
        written = world.s3.get_object(Bucket=artifact.bucket, Key=artifact.key, VersionId=artifact.version_id)
        assert written["Body"].read() == body
        assert written["ServerSideEncryption"] == "aws:kms"

    def test_an_input_of_another_region_is_copied_to_the_regions_store(self, world):
        here, far = world.artifact("Here", x="1"), world.artifact("Far", x="2")
        far = msgspec.structs.replace(far, region="eu-west-1")
        aws = open_session(world.attempt("Deploy/S3", {}, inputs=[here, far]))
        kept, copied = with_regional_inputs(aws).input_artifacts
        assert kept == here
        assert (copied.region, copied.key == far.key) == (REGION, False)
        assert aws.read_file(copied, "x") == b"2"
