"""The embedded AWS as its users see it: through boto3."""

from __future__ import annotations

import http.client
import io
import json
import os
import shutil
import signal
import socket
import time
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from fixtures.git import Workshop

if TYPE_CHECKING:
    from fixtures.embedded_aws import EmbeddedAws

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
ROLE = "arn:aws:iam::000000000000:role/build"
ENVIRONMENT = {"type": "LINUX_CONTAINER", "image": "standard", "computeType": "BUILD_GENERAL1_SMALL"}


@pytest.fixture
def bucket(embedded_aws: EmbeddedAws) -> str:
    name = f"bucket-{uuid.uuid4()}"
    s3 = embedded_aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


class Project:
    """A CodeBuild project as CodePipeline makes them, and its builds."""

    def __init__(self, server: EmbeddedAws, bucket: str) -> None:
        self.name = f"project-{uuid.uuid4()}"
        self.bucket = bucket
        self.s3 = server.client("s3")
        self.codebuild = server.client("codebuild")
        self.logs = server.client("logs")
        self.codebuild.create_project(
            name=self.name,
            source={"type": "CODEPIPELINE"},
            artifacts={"type": "CODEPIPELINE"},
            environment=ENVIRONMENT,
            serviceRole=ROLE,
        )

    def put(self, key: str, **files: str) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, text in files.items():
                archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=packed.getvalue())

    def get(self, key: str) -> dict[str, str]:
        body = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return {name: archive.read(name).decode() for name in archive.namelist()}

    def start(self, buildspec: str, **overrides: Any) -> str:
        source = {"sourceTypeOverride": "NO_SOURCE", "artifactsOverride": {"type": "NO_ARTIFACTS"}}
        arguments = {"projectName": self.name, "buildspecOverride": buildspec, **source, **overrides}
        return self.codebuild.start_build(**arguments)["build"]["id"]

    def build(self, buildspec: str, **overrides: Any) -> dict[str, Any]:
        return self.wait(self.start(buildspec, **overrides))

    def show(self, build_id: str) -> dict[str, Any]:
        return self.codebuild.batch_get_builds(ids=[build_id])["builds"][0]

    def wait(self, build_id: str, phase: str = "COMPLETED") -> dict[str, Any]:
        for _ in range(600):
            build = self.show(build_id)
            if phase in [one["phaseType"] for one in build["phases"]]:
                return build
            time.sleep(0.1)
        raise AssertionError(f"{build_id} does not reach {phase}: {build}")

    def log(self, build: dict[str, Any]) -> str:
        place = {"logGroupName": build["logs"]["groupName"], "logStreamName": build["logs"]["streamName"]}
        events = self.logs.get_log_events(**place, startFromHead=True)["events"]
        return "\n".join(event["message"] for event in events)


@pytest.fixture
def project(embedded_aws: EmbeddedAws, bucket: str) -> Project:
    return Project(embedded_aws, bucket)


def phases(build: dict[str, Any]) -> dict[str, str | None]:
    return {phase["phaseType"]: phase.get("phaseStatus") for phase in build["phases"]}


def test_a_build_takes_s3_sources_and_puts_its_artifacts_where_codepipeline_wants_them(
    project: Project,
) -> None:
    project.put(
        "in/first.zip",
        buildspec_dot_yml="""
version: 0.2
env:
  variables: {GREETING: hello}
  exported-variables: [TAG, GREETING]
phases:
  build:
    commands:
      - cd folder
      - LOCAL=kept
      - export TAG="v-$CODEBUILD_BUILD_NUMBER"
  post_build:
    commands:
      - echo "$LOCAL $GREETING $(cat a.txt) $(cat "$CODEBUILD_SRC_DIR_second/b.txt")" > ../out.txt
artifacts:
  files: [out.txt]
  secondary-artifacts:
    Two-Files:
      base-directory: $CODEBUILD_SRC_DIR_second
      files: ['**/*']
""",
        folder__a_dot_txt="A",
    )
    project.put("in/second.zip", b_dot_txt="B")
    place = {
        "type": "S3",
        "location": project.bucket,
        "path": "out",
        "namespaceType": "NONE",
        "packaging": "ZIP",
    }

    build = project.wait(
        project.codebuild.start_build(
            projectName=project.name,
            sourceTypeOverride="S3",
            sourceLocationOverride=f"{project.bucket}/in/first.zip",
            secondarySourcesOverride=[
                {"type": "S3", "location": f"{project.bucket}/in/second.zip", "sourceIdentifier": "second"}
            ],
            artifactsOverride={**place, "name": "one.zip"},
            secondaryArtifactsOverride=[{**place, "name": "two.zip", "artifactIdentifier": "Two-Files"}],
            environmentVariablesOverride=[{"name": "GREETING", "value": "good day"}],
        )["build"]["id"]
    )

    assert build["buildStatus"] == "SUCCEEDED", project.log(build)
    assert list(phases(build)) == [
        "SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD",
        "POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED",
    ]  # fmt: skip
    assert project.get("out/one.zip") == {"out.txt": "kept good day A B\n"}
    assert project.get("out/two.zip") == {"b.txt": "B"}
    assert build["artifacts"]["location"] == f"arn:aws:s3:::{project.bucket}/out/one.zip"
    assert [one["artifactIdentifier"] for one in build["secondaryArtifacts"]] == ["Two-Files"]
    assert {one["name"]: one["value"] for one in build["exportedEnvironmentVariables"]} == {
        "TAG": "v-1",
        "GREETING": "good day",
    }
    assert (
        project.s3.head_object(Bucket=project.bucket, Key="out/one.zip")["ServerSideEncryption"] == "aws:kms"
    )


def test_a_failed_build_phase_is_followed_by_post_build_and_fails_the_build(project: Project) -> None:
    build = project.build("""
version: 0.2
phases:
  build:
    commands: [echo before, exit 3, echo never]
    finally: [echo finally]
  post_build:
    commands: ['echo "succeeding: $CODEBUILD_BUILD_SUCCEEDING"']
""")
    failed = next(phase for phase in build["phases"] if phase["phaseType"] == "BUILD")

    assert build["buildStatus"] == "FAILED"
    assert failed["phaseStatus"] == "FAILED"
    assert failed["contexts"] == [
        {
            "statusCode": "COMMAND_EXECUTION_ERROR",
            "message": "Error while executing command: exit 3. Reason: exit status 3",
        }
    ]
    log = project.log(build)
    assert "\nfinally" in log
    assert "succeeding: 0" in log
    assert "\nnever" not in log


def test_a_failed_pre_build_phase_ends_the_build(project: Project) -> None:
    build = project.build("""
version: 0.2
phases:
  pre_build: {commands: ["false"]}
  build: {commands: [echo never]}
""")
    assert build["buildStatus"] == "FAILED"
    assert "BUILD" not in phases(build)


@pytest.mark.parametrize(("on_failure", "expected"), [("ABORT", False), ("CONTINUE", True)])
def test_on_failure_decides_whether_the_next_phase_runs(
    project: Project, on_failure: str, expected: bool
) -> None:
    phase = "build" if on_failure == "ABORT" else "pre_build"
    follower = "POST_BUILD" if on_failure == "ABORT" else "BUILD"
    build = project.build(
        f"version: 0.2\nphases:\n  {phase}: {{on-failure: {on_failure}, commands: ['false']}}\n"
    )
    assert build["buildStatus"] == "FAILED"
    assert (follower in phases(build)) is expected


def test_in_version_0_1_each_command_has_a_shell_of_its_own(project: Project) -> None:
    build = project.build("""
version: 0.1
phases:
  build: {commands: [cd /tmp, export X=lost, 'echo "X=$X in ${PWD##*/}"']}
""")
    assert "X= in src" in project.log(build)


def test_a_command_that_ends_the_shell_takes_nothing_with_it(project: Project) -> None:
    build = project.build("""
version: 0.2
env: {shell: bash, exported-variables: [KEPT]}
phases:
  build: {commands: [export KEPT="a  b", cd /tmp, set -e, "false"]}
  post_build: {commands: ['echo "still $KEPT in $PWD"']}
""")
    assert "still a  b in /tmp" in project.log(build)
    assert build["exportedEnvironmentVariables"] == [{"name": "KEPT", "value": "a  b"}]


def test_a_missing_artifact_fails_the_upload(project: Project) -> None:
    artifacts = {"type": "S3", "location": project.bucket, "name": "x.zip", "packaging": "ZIP"}
    build = project.build(
        "version: 0.2\nphases: {build: {commands: ['true']}}\nartifacts: {files: ['*.jar']}\n",
        artifactsOverride=artifacts,
    )
    assert build["buildStatus"] == "FAILED"
    assert phases(build)["UPLOAD_ARTIFACTS"] == "FAILED"


def test_the_build_specification_is_named_when_it_is_wrong(project: Project) -> None:
    build = project.build("version: 0.2\nphases: {build: {comands: [ls]}}\n")
    download = next(phase for phase in build["phases"] if phase["phaseType"] == "DOWNLOAD_SOURCE")
    assert build["buildStatus"] == "FAILED"
    assert download["contexts"][0]["statusCode"] == "YAML_FILE_ERROR"
    assert "did you mean commands?" in download["contexts"][0]["message"]


def test_a_build_has_the_credentials_of_its_service_role_and_the_endpoint(project: Project) -> None:
    build = project.build("""
version: 0.2
phases:
  build:
    commands:
      - python3 -c "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
      - pip --version
""")
    assert build["buildStatus"] == "SUCCEEDED", project.log(build)
    assert "arn:aws:sts::000000000000:assumed-role/build/AWSCodeBuild-" in project.log(build)


def test_secrets_reach_the_build_and_are_hidden_in_its_log(
    embedded_aws: EmbeddedAws, project: Project
) -> None:
    name = f"secret-{uuid.uuid4()}"
    embedded_aws.client("secretsmanager").create_secret(
        Name=name, SecretString=json.dumps({"password": "correct horse", "user": "me"})
    )
    embedded_aws.client("ssm").put_parameter(Name=f"/{name}", Value="battery staple", Type="SecureString")
    build = project.build(f"""
version: 0.2
env:
  secrets-manager: {{PASSWORD: "{name}:password"}}
  parameter-store: {{STAPLE: /{name}}}
phases:
  build:
    commands:
      - echo "have $PASSWORD and $STAPLE"
      - test "$PASSWORD" = "correct horse"
""")
    assert build["buildStatus"] == "SUCCEEDED", project.log(build)
    assert "have *** and ***" in project.log(build)


def test_stopping_a_build_ends_what_it_started(project: Project) -> None:
    build_id = project.start("version: 0.2\nphases: {build: {commands: ['sleep 600 & sleep 600']}}\n")
    project.wait(build_id, "BUILD")

    stopped = project.codebuild.stop_build(id=build_id)["build"]

    assert stopped["buildStatus"] == "STOPPED"
    assert stopped["buildComplete"] is True
    assert phases(stopped)["BUILD"] == "STOPPED"
    assert "POST_BUILD" not in phases(stopped)


def test_a_token_starts_one_build_and_other_parameters_are_refused(project: Project) -> None:
    buildspec = "version: 0.2\nphases: {build: {commands: ['true']}}\n"
    token = str(uuid.uuid4())
    first = project.start(buildspec, idempotencyToken=token)

    assert project.start(buildspec, idempotencyToken=token) == first
    with pytest.raises(project.codebuild.exceptions.InvalidInputException):
        project.start(buildspec, idempotencyToken=token, timeoutInMinutesOverride=7)
    project.wait(first)
    assert project.codebuild.list_builds_for_project(projectName=project.name)["ids"] == [first]


def test_builds_run_side_by_side(project: Project, bucket: str) -> None:
    # Each waits for the other's file: one after the other they would never end.
    buildspec = """
version: 0.2
phases:
  build:
    commands:
      - |
        python3 - <<'END'
        import boto3, os, time
        s3, me, other = boto3.client("s3"), os.environ["ME"], os.environ["OTHER"]
        s3.put_object(Bucket=os.environ["BUCKET"], Key=me, Body=b"")
        while not s3.list_objects_v2(Bucket=os.environ["BUCKET"], Prefix=other)["KeyCount"]:
            time.sleep(0.1)
        END
"""
    started = []
    for me, other in (("left", "right"), ("right", "left")):
        values = {"ME": me, "OTHER": other, "BUCKET": bucket}
        variables = [{"name": name, "value": value} for name, value in values.items()]
        started.append(project.start(buildspec, environmentVariablesOverride=variables))

    assert [project.wait(one)["buildStatus"] for one in started] == ["SUCCEEDED", "SUCCEEDED"]


def test_a_build_too_many_waits_in_the_queue_and_can_be_stopped_there(project: Project) -> None:
    sleeping = "version: 0.2\nphases: {build: {commands: [sleep 600]}}\n"
    running = [project.start(sleeping) for _ in range(2)]
    for one in running:
        project.wait(one, "BUILD")
    waiting = project.start(sleeping)
    project.wait(waiting, "QUEUED")

    stopped = project.codebuild.stop_build(id=waiting)["build"]

    assert phases(stopped) == {"SUBMITTED": "SUCCEEDED", "QUEUED": "STOPPED", "COMPLETED": None}
    assert {project.show(one)["buildStatus"] for one in running} == {"IN_PROGRESS"}
    for one in running:
        project.codebuild.stop_build(id=one)


def test_a_build_is_run_again_by_retry_build_and_forgotten_by_batch_delete_builds(project: Project) -> None:
    first = project.build("version: 0.2\nphases: {build: {commands: [echo again]}}\n")

    second = project.wait(project.codebuild.retry_build(id=first["id"])["build"]["id"])

    assert (second["buildNumber"], second["buildStatus"]) == (2, "SUCCEEDED")
    assert "again" in project.log(second)
    deleted = project.codebuild.batch_delete_builds(ids=[first["id"], "nobody:none"])
    assert deleted["buildsDeleted"] == [first["arn"]]
    assert deleted["buildsNotDeleted"] == [{"id": "nobody:none", "statusCode": "BUILD_NOT_FOUND"}]
    assert project.codebuild.list_builds_for_project(projectName=project.name)["ids"] == [second["id"]]


@pytest.mark.parametrize("operation", ["start_build_batch", "create_webhook"])
def test_an_operation_the_embedded_codebuild_has_not_is_refused_with_its_name(
    project: Project, operation: str
) -> None:
    with pytest.raises(project.codebuild.exceptions.ClientError, match="The embedded CodeBuild has no"):
        getattr(project.codebuild, operation)(projectName=project.name)


def test_a_project_that_is_not_there_is_not_found(embedded_aws: EmbeddedAws) -> None:
    codebuild = embedded_aws.client("codebuild")
    with pytest.raises(codebuild.exceptions.ResourceNotFoundException):
        codebuild.start_build(projectName="nowhere")


def test_projects_belong_to_their_account_and_region(embedded_aws: EmbeddedAws) -> None:
    name = f"project-{uuid.uuid4()}"
    mine = embedded_aws.client("codebuild", account="111111111111")
    mine.create_project(
        name=name,
        source={"type": "CODEPIPELINE"},
        artifacts={"type": "CODEPIPELINE"},
        environment=ENVIRONMENT,
        serviceRole="arn:aws:iam::111111111111:role/build",
    )
    elsewhere = embedded_aws.client("codebuild", account="111111111111", region="eu-west-1")

    assert mine.batch_get_projects(names=[name])["projects"][0]["arn"].split(":")[4] == "111111111111"
    assert elsewhere.batch_get_projects(names=[name])["projectsNotFound"] == [name]
    assert embedded_aws.client("codebuild").batch_get_projects(names=[name])["projectsNotFound"] == [name]


@pytest.mark.parametrize("size", [0, 1, 40_000_000])
def test_objects_of_any_size_pass_the_gateway_whole(
    embedded_aws: EmbeddedAws, bucket: str, size: int
) -> None:
    s3 = embedded_aws.client("s3")
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    s3.put_object(Bucket=bucket, Key="folder/a name+with%signs&ü", Body=body)
    assert s3.head_object(Bucket=bucket, Key="folder/a name+with%signs&ü")["ContentLength"] == size
    assert s3.get_object(Bucket=bucket, Key="folder/a name+with%signs&ü")["Body"].read() == body


def test_a_presigned_request_keeps_its_signature_through_the_gateway(
    embedded_aws: EmbeddedAws, bucket: str
) -> None:
    s3 = embedded_aws.client("s3", signature_version="s3v4", s3={"addressing_style": "path"})
    s3.put_object(Bucket=bucket, Key="a b", Body=b"signed")
    url = urlsplit(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b"}))
    connection = http.client.HTTPConnection(url.netloc)
    connection.request("GET", f"{url.path}?{url.query}")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"signed")
    connection.request("GET", f"{url.path}?{url.query.replace('X-Amz-Signature=', 'X-Amz-Signature=0')}")
    assert connection.getresponse().status == 403
    connection.close()


def _conversation(url: str, request: bytes, rest: bytes) -> tuple[bytes, bytes]:
    """What comes after the head of a request, and after the rest of it."""
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=30) as connection:
        connection.sendall(request)
        first = connection.recv(65536)
        connection.sendall(rest)
        return first, connection.recv(65536)


def test_a_client_that_asks_before_it_sends_is_told_to_go_on(embedded_aws: EmbeddedAws, bucket: str) -> None:
    head = f"PUT /{bucket}/asked HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    go_on, answer = _conversation(embedded_aws.url, head.encode(), b"12345")
    assert go_on.startswith(b"HTTP/1.1 100 ")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert embedded_aws.client("s3").get_object(Bucket=bucket, Key="asked")["Body"].read() == b"12345"


def test_a_body_of_unknown_length_passes_the_gateway(embedded_aws: EmbeddedAws, bucket: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(embedded_aws.url).netloc)
    chunks = [b"a" * 70_000, b"b" * 70_000]
    connection.request("PUT", f"/{bucket}/chunked", body=iter(chunks), encode_chunked=True)
    assert connection.getresponse().status == 200
    connection.close()
    assert embedded_aws.client("s3").get_object(Bucket=bucket, Key="chunked")["Body"].read() == b"".join(
        chunks
    )


def test_errors_pass_the_gateway_as_they_are(embedded_aws: EmbeddedAws, bucket: str) -> None:
    s3 = embedded_aws.client("s3")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="nothing")
    s3.put_object(Bucket=bucket, Key="once", Body=b"", IfNoneMatch="*")
    with pytest.raises(s3.exceptions.ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key="once", Body=b"", IfNoneMatch="*")


def test_a_build_sees_neither_the_checkout_nor_the_hosts_files(
    embedded_aws: EmbeddedAws, project: Project
) -> None:
    if not shutil.which("bwrap"):
        pytest.skip("builds have a sandbox only where bubblewrap is")
    build = project.build(f"""
version: 0.2
phases:
  build:
    commands:
      - ls -a {PROJECT} ~ || true
      - test ! -e {PROJECT / "pyproject.toml"}
      - test ! -e {embedded_aws.state_dir}
      - test ! -e /etc/shadow
      - if touch /usr/x 2> /dev/null; then exit 1; fi
""")
    assert build["buildStatus"] == "SUCCEEDED", project.log(build)


def test_sse_kms_without_a_key_uses_the_aws_managed_key(embedded_aws: EmbeddedAws, bucket: str) -> None:
    s3 = embedded_aws.client("s3")
    put = s3.put_object(Bucket=bucket, Key="x", Body=b"x", ServerSideEncryption="aws:kms")
    assert put["SSEKMSKeyId"].endswith("alias/aws/s3")


def _job(embedded_aws: EmbeddedAws, bucket: str) -> tuple[str, str]:
    job = str(uuid.uuid4())
    key = f"pipeline/jobs/{job}.json"
    document = {"jobId": job, "status": "InProgress", "data": {"continuationToken": "t"}}
    embedded_aws.client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(document).encode())
    return job, key


def _document(embedded_aws: EmbeddedAws, bucket: str, key: str) -> dict[str, Any]:
    return json.load(embedded_aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"])


def test_the_result_of_a_job_is_written_into_its_document(embedded_aws: EmbeddedAws, bucket: str) -> None:
    codepipeline = embedded_aws.client("codepipeline")
    job, key = _job(embedded_aws, bucket)

    assert codepipeline.get_job_details(jobId=job)["jobDetails"]["data"] == {"continuationToken": "t"}
    codepipeline.put_job_success_result(jobId=job, outputVariables={"answer": "42"})

    document = _document(embedded_aws, bucket, key)
    assert (document["status"], document["outputVariables"]) == ("Succeeded", {"answer": "42"})
    with pytest.raises(codepipeline.exceptions.InvalidJobStateException):
        codepipeline.put_job_failure_result(
            jobId=job, failureDetails={"type": "JobFailed", "message": "late"}
        )


def test_a_job_nobody_started_is_not_found(embedded_aws: EmbeddedAws) -> None:
    codepipeline = embedded_aws.client("codepipeline")
    with pytest.raises(codepipeline.exceptions.JobNotFoundException):
        codepipeline.put_job_success_result(jobId=str(uuid.uuid4()))


def test_a_lambda_function_reports_its_job_through_the_gateway(
    embedded_aws: EmbeddedAws, bucket: str
) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr(
            "index.py",
            """
import boto3
def handler(event, context):
    job = event["CodePipeline.job"]["id"]
    boto3.client("codepipeline").put_job_failure_result(
        jobId=job, failureDetails={"type": "ConfigurationError", "message": "from Lambda"})
""",
        )
    functions = embedded_aws.client("lambda")
    name = f"function-{uuid.uuid4()}"
    functions.create_function(
        FunctionName=name, Runtime="python3.11", Role=ROLE, Handler="index.handler", Timeout=60,
        Code={"ZipFile": code.getvalue()},
    )  # fmt: skip
    job, key = _job(embedded_aws, bucket)

    payload = json.dumps({"CodePipeline.job": {"id": job}}).encode()
    answer = functions.invoke(FunctionName=name, Payload=payload)

    assert "FunctionError" not in answer, answer["Payload"].read()
    assert _document(embedded_aws, bucket, key)["failureDetails"]["message"] == "from Lambda"


def test_the_pipeline_api_is_said_to_be_airflows(embedded_aws: EmbeddedAws) -> None:
    codepipeline = embedded_aws.client("codepipeline")
    with pytest.raises(codepipeline.exceptions.ClientError, match="AWS_ENDPOINT_URL_CODEPIPELINE"):
        codepipeline.list_pipelines()


def test_everything_is_there_again_after_a_restart(own_embedded_aws: EmbeddedAws) -> None:
    server = own_embedded_aws
    server.client("s3").create_bucket(Bucket="kept")
    versioning = {"Status": "Enabled"}
    server.client("s3").put_bucket_versioning(Bucket="kept", VersioningConfiguration=versioning)
    first = server.client("s3").put_object(Bucket="kept", Key="x", Body=b"first")["VersionId"]
    server.client("s3").put_object(Bucket="kept", Key="x", Body=b"second")
    project = Project(server, "kept")
    done = project.build("version: 0.2\nphases: {build: {commands: ['true']}}\n")
    job, key = _job(server, "kept")
    running = project.start("version: 0.2\nphases: {build: {commands: [sleep 600]}}\n")
    project.wait(running, "BUILD")

    server.down()
    server.up()

    s3, codebuild = server.client("s3"), server.client("codebuild")
    assert s3.get_object(Bucket="kept", Key="x", VersionId=first)["Body"].read() == b"first"
    assert s3.get_object(Bucket="kept", Key="x")["Body"].read() == b"second"
    by_id = {one["id"]: one for one in codebuild.batch_get_builds(ids=[done["id"], running])["builds"]}
    assert by_id[done["id"]] == done
    assert (by_id[running]["buildStatus"], by_id[running]["buildComplete"]) == ("FAILED", True)
    server.client("codepipeline").put_job_success_result(jobId=job)
    assert _document(server, "kept", key)["status"] == "Succeeded"


def test_a_killed_gateway_loses_nothing_that_was_put(own_embedded_aws: EmbeddedAws) -> None:
    server = own_embedded_aws
    server.client("s3").create_bucket(Bucket="kept")
    server.client("s3").put_object(Bucket="kept", Key="x", Body=b"x")
    project = Project(server, "kept")
    running = project.start("version: 0.2\nphases: {build: {commands: [sleep 600]}}\n")
    project.wait(running, "BUILD")

    server.kill()
    server.up()

    assert server.client("s3").get_object(Bucket="kept", Key="x")["Body"].read() == b"x"
    build = server.client("codebuild").batch_get_builds(ids=[running])["builds"][0]
    assert build["buildStatus"] == "FAILED"
    ended = next(phase for phase in build["phases"] if phase["phaseType"] == "BUILD")
    assert ended["contexts"][0]["message"] == "The embedded AWS ended while the build ran."


def test_a_power_cut_loses_nothing_that_a_snapshot_has(own_embedded_aws: EmbeddedAws) -> None:
    server = own_embedded_aws
    s3 = server.client("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="kept", Key="x", Body=b"first")["VersionId"]
    s3.put_object(Bucket="kept", Key="x", Body=b"second")
    server.client("ssm").put_parameter(Name="/last", Value="v", Type="String")
    _wait_for_text(server.state_dir / "ministack" / "state" / "ssm.json", "/last")
    _wait_for_text(server.state_dir / "ministack" / "state" / "s3.json", "kept")

    backend = int((server.state_dir / "ministack" / "ministack.process").read_text().split()[0])
    os.kill(backend, signal.SIGKILL)
    server.kill()
    server.up()

    assert server.client("s3").get_object(Bucket="kept", Key="x", VersionId=first)["Body"].read() == b"first"
    assert server.client("ssm").get_parameter(Name="/last")["Parameter"]["Value"] == "v"


def _wait_for_text(file: Path, text: str) -> None:
    for _ in range(300):
        if file.exists() and text in file.read_text():
            return
        time.sleep(0.1)
    raise AssertionError(f"{text} does not come into {file}")


@pytest.fixture
def heard(embedded_aws: EmbeddedAws):
    """What EventBridge tells of a source of events from now on: called with the count that is waited for."""
    name = f"heard-{uuid.uuid4()}"
    events, sqs = embedded_aws.client("events"), embedded_aws.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [{"prefix": "aws."}]}))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
    found: list[dict[str, Any]] = []

    def wait_for(count: int) -> list[dict[str, Any]]:
        while len(found) < count:
            received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=20)
            assert received.get("Messages"), found
            found.extend(json.loads(message["Body"]) for message in received["Messages"])
            for message in received["Messages"]:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    yield wait_for
    events.remove_targets(Rule=name, Ids=["1"])
    events.delete_rule(Name=name)
    events.close()
    sqs.close()


def test_an_objects_event_has_its_version(embedded_aws: EmbeddedAws, bucket: str, heard: Any):
    s3 = embedded_aws.client("s3")
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )

    put = s3.put_object(Bucket=bucket, Key="a b.zip", Body=b"1")
    source = {"Bucket": bucket, "Key": "a b.zip"}
    copied = s3.copy_object(Bucket=bucket, Key="copy.zip", CopySource=source)
    s3.close()

    told = [event["detail"]["object"] for event in heard(2)]
    assert sorted((one["key"], one["version-id"]) for one in told) == [
        ("a b.zip", put["VersionId"]),
        ("copy.zip", copied["VersionId"]),
    ]


def test_what_a_push_changes_are_as_many_events(embedded_aws: EmbeddedAws, heard: Any, tmp_path: Path):
    codecommit, name = embedded_aws.client("codecommit"), f"app-{uuid.uuid4()}"
    url = codecommit.create_repository(repositoryName=name)["repositoryMetadata"]["cloneUrlHttp"]
    codecommit.close()
    workshop = Workshop(tmp_path / "clone")
    first = workshop.commit("One", a_txt="1")
    workshop.git("tag", "v1")
    workshop.git("push", "--quiet", url, "main", "v1")
    second = workshop.commit("Two", a_txt="2")
    workshop.push(url)
    workshop.git("push", "--quiet", url, "main:release")
    workshop.git("push", "--quiet", "--delete", url, "release")

    told = [event["detail"] for event in heard(5)]

    assert {event["repositoryName"] for event in told} == {name}
    keys = ("event", "referenceType", "referenceName", "commitId", "oldCommitId")
    assert sorted(tuple(str(one.get(key)) for key in keys) for one in told) == [
        ("referenceCreated", "branch", "main", first, "None"),
        ("referenceCreated", "branch", "release", second, "None"),
        ("referenceCreated", "tag", "v1", first, "None"),
        ("referenceDeleted", "branch", "release", "None", second),
        ("referenceUpdated", "branch", "main", second, first),
    ]


def test_nobody_else_emits_events_of_aws(embedded_aws: EmbeddedAws):
    events = embedded_aws.client("events")
    entry = {"Source": "aws.s3", "DetailType": "Object Created", "Detail": "{}"}

    answer = events.put_events(Entries=[entry])
    events.close()

    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"
