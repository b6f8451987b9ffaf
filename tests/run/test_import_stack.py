"""`codepipeline import --stack` with a stack that CloudFormation made on the embedded AWS."""

from __future__ import annotations

import json
import uuid
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from typer.testing import CliRunner

from airflow_codepipeline.cli.app import build
from airflow_codepipeline.definition.reader import read_pipeline

if TYPE_CHECKING:
    from pathlib import Path

    from fixtures.embedded_aws import EmbeddedAws

pytestmark = pytest.mark.slow

RESOURCES = """\
Parameters:
  Branch: {Type: String, Default: main}
  GitHubToken: {Type: String, NoEcho: true}
Conditions:
  IsRelease: !Equals [!Ref Branch, release]
Mappings:
  Accounts:
    us-east-1: {Owner: east}
    eu-west-1: {Owner: west}
Resources:
  Artifacts: {Type: AWS::S3::Bucket}
  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {}}}
  Topic: {Type: AWS::SNS::Topic}
  Jobs: {Type: AWS::SQS::Queue}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Path: /delivery/
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: codepipeline.amazonaws.com}, Action: "sts:AssumeRole"}
  Build:
    Type: AWS::CodeBuild::Project
    Properties:
      ServiceRole: !GetAtt Role.Arn
      Source: {Type: CODEPIPELINE}
      Artifacts: {Type: CODEPIPELINE}
      Environment: {Type: LINUX_CONTAINER, Image: standard, ComputeType: BUILD_GENERAL1_SMALL}
"""
PIPELINE = """\
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      Name: !Sub "${AWS::StackName}-delivery"
      RoleArn: !GetAtt Role.Arn
      ArtifactStore:
        Type: S3
        Location: !Ref Artifacts
        EncryptionKey: {Type: KMS, Id: !GetAtt Key.Arn}
      Stages:
        - Name: Source
          Actions:
            - Name: Code
              ActionTypeId: {Category: Source, Owner: ThirdParty, Provider: GitHub, Version: 1}
              Configuration:
                Owner: !FindInMap [Accounts, !Ref AWS::Region, Owner]
                Repo: shop
                Branch: !Ref Branch
                OAuthToken: !Ref GitHubToken
              OutputArtifacts: [{Name: Code}]
        - Name: Build
          Actions:
            - Name: Build
              ActionTypeId: {Category: Build, Owner: AWS, Provider: CodeBuild, Version: 1}
              Configuration:
                ProjectName: !Ref Build
                EnvironmentVariables: !Sub
                  - '[{"name": "QUEUE", "value": "${Jobs.Arn}"}, {"name": "BASE", "value": "${Base}"}]'
                  - {Base: !ImportValue EXPORT}
              InputArtifacts: [{Name: Code}]
        - !If
          - IsRelease
          - Name: Approval
            Actions:
              - Name: Approve
                ActionTypeId: {Category: Approval, Owner: AWS, Provider: Manual, Version: 1}
                Configuration: {NotificationArn: !Ref Topic}
          - !Ref AWS::NoValue
"""
SHARED = """\
Resources:
  Base: {Type: AWS::S3::Bucket}
Outputs:
  Base: {Value: !Ref Base, Export: {Name: EXPORT}}
"""


class Stack:
    """A stack that is there, and its template with the pipeline in it.

    The pipeline itself is not deployed: MiniStack knows no AWS::CodePipeline::Pipeline.
    """

    def __init__(self, aws: EmbeddedAws, folder: Path) -> None:
        self.aws = aws
        self.name = f"shop-{uuid.uuid4().hex[:8]}"
        self.file = folder / "shop.template.yaml"
        self.file.write_text(RESOURCES + self._own(PIPELINE))
        parameters = {"Branch": "release", "GitHubToken": "not-to-be-seen"}
        self._create(f"{self.name}-base", self._own(SHARED), {})
        self._create(self.name, RESOURCES, parameters)

    def _own(self, text: str) -> str:
        return text.replace("EXPORT", f"{self.name}-base")

    def _create(self, name: str, template: str, parameters: dict[str, str]) -> None:
        with closing(self.aws.client("cloudformation")) as client:
            client.create_stack(
                StackName=name,
                TemplateBody=template,
                Capabilities=["CAPABILITY_IAM"],
                Parameters=[
                    {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
                ],
            )
            waiter = client.get_waiter("stack_create_complete")
            waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    def ask(self, service: str, operation: str, **arguments: Any) -> Any:
        with closing(self.aws.client(service)) as client:
            return getattr(client, operation)(**arguments)

    def physical_id(self, name: str, stack: str | None = None) -> str:
        answer = self.ask(
            "cloudformation", "describe_stack_resource",
            StackName=stack or self.name, LogicalResourceId=name,
        )  # fmt: skip
        return str(answer["StackResourceDetail"]["PhysicalResourceId"])


@pytest.fixture
def stack(embedded_aws: EmbeddedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_SESSION_TOKEN", "CODEPIPELINE_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in embedded_aws.environment.items():
        monkeypatch.setenv(name, value)
    return Stack(embedded_aws, tmp_path)


def run(*line: str) -> Any:
    return CliRunner().invoke(build(line), list(line))


def test_a_template_is_imported_with_what_its_stack_knows(stack: Stack, tmp_path: Path) -> None:
    output = tmp_path / "include"
    line = ["import", str(stack.file), "--output", str(output), "--format", "json"]
    run(*line)

    result = run(*line, "--stack", stack.name)

    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    name = f"{stack.name}-delivery"
    assert [pipeline["name"] for pipeline in report["pipelines"]] == [name]
    assert [piece["variable"] for piece in report["pipelines"][0]["unresolved"]] == ["github_token"]
    key = stack.ask("kms", "describe_key", KeyId=stack.physical_id("Key"))["KeyMetadata"]["Arn"]
    queue = stack.ask(
        "sqs", "get_queue_attributes", QueueUrl=stack.physical_id("Jobs"), AttributeNames=["QueueArn"]
    )
    values = yaml.safe_load((output / "variables" / "local.yaml").read_text())
    role = stack.ask("iam", "get_role", RoleName=stack.physical_id("Role"))["Role"]["Arn"]
    assert "/delivery/" in role
    known = {
        "accounts_owner": "east",
        "artifacts": stack.physical_id("Artifacts"),
        "branch": "release",
        "build": stack.physical_id("Build"),
        "github_token": "CHANGE-ME",
        "jobs_arn": queue["Attributes"]["QueueArn"],
        "key_arn": key,
        "role_arn": role,
        "topic": stack.physical_id("Topic"),
    }
    assert {name: values[name] for name in known} == known
    assert stack.physical_id("Base", f"{stack.name}-base") in values.values()

    checked = run("validate", str(output / "pipelines" / f"{name}.yaml"))
    assert checked.exit_code == 0, checked.output
    pipeline = read_pipeline(output / "pipelines" / f"{name}.yaml")
    assert [stage.name for stage in pipeline.stages] == ["Source", "Build", "Approval"]
    assert pipeline.role_arn == role


def test_a_stack_that_is_not_there_is_an_error_with_the_likely_name(stack: Stack, tmp_path: Path) -> None:
    line = ["import", str(stack.file), "--output", str(tmp_path / "out"), "--format", "json"]

    result = run(*line, "--stack", f"{stack.name}x")

    assert result.exit_code == 1
    [error] = json.loads(result.stdout)["errors"]
    assert (error["id"], error["suggestion"]) == ("CI011", f"Did you mean '{stack.name}'?")


def test_without_a_file_the_template_of_the_stack_is_taken(stack: Stack, tmp_path: Path) -> None:
    result = run("import", "--stack", stack.name, "--output", str(tmp_path / "out"), "--format", "json")

    assert result.exit_code == 1
    [error] = json.loads(result.stdout)["errors"]
    assert (error["id"], error["file"]) == ("CI002", f"stack {stack.name}")
