"""What the sample pipeline needs in AWS, and what it must have left there.

It is made through the public APIs, so it can be made in an AWS account as well as in the embedded AWS.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.artifacts.bundle import zip_folder
from airflow_codepipeline.errors import CodePipelineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

PIPELINE = "storefront"
FUNCTION = "storefront"
TOPIC = "storefront-approvals"
QUEUE = "storefront-approvals"
PROJECTS = ("storefront-package", "storefront-website")
ROLES = {
    "storefront-pipeline": "codepipeline.amazonaws.com",
    "storefront-build": "codebuild.amazonaws.com",
    "storefront-cloudformation": "cloudformation.amazonaws.com",
}
_BASKET = {"apple": 5, "bread": 1}


class SampleError(CodePipelineError):
    """The sample pipeline did not leave what it should have left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """What a run of the sample left behind.

    :param version: of the application, as the deployed function says it.
    :param total: what the function computed for a basket.
    :param pages: the keys of the website, in its bucket.
    """

    version: str
    total: str
    pages: tuple[str, ...]


def client_of(environment: Mapping[str, str]) -> Callable[[str], Any]:
    """Return what makes boto3 clients for an AWS that is described by environment variables."""
    import boto3

    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
    )
    return lambda service: session.client(service, endpoint_url=environment["AWS_ENDPOINT_URL"])


def read_variables(project: Path) -> dict[str, str]:
    """Return the definition's variables for a laptop."""
    import yaml

    values = yaml.safe_load((project / "include" / "variables" / "local.yaml").read_text())
    return {name: str(value) for name, value in values.items()}


class Sample:
    """The sample's world in AWS.

    :param client: gives a boto3 client for a service.
    :param variables: the definition's variables: the names of the buckets, the region, the account.
    """

    def __init__(self, client: Callable[[str], Any], variables: Mapping[str, str]) -> None:
        self._client = client
        self._variables = variables

    def provision(self, sources: Path) -> None:
        """Make buckets, roles, the topic and the build projects, and put the sources there. Safe to repeat.

        :param sources: the folder that holds `storefront/` and `website/`.
        """
        for name in ("artifact_bucket", "source_bucket", "website_bucket"):
            self._bucket(self._variables[name], versioned=name == "source_bucket")
        for role, service in ROLES.items():
            self._role(role, service)
        self._topic()
        for project in PROJECTS:
            self._project(project)
        for name in ("storefront", "website"):
            self._put_source(sources / name, f"{name}.zip")

    def delivered(self) -> Delivered:
        """Look at what was deployed.

        :raises SampleError: the function or the website is not there, or not as it should be.
        """
        answer = self._client("lambda").invoke(
            FunctionName=FUNCTION, Payload=json.dumps({"basket": _BASKET}).encode()
        )
        payload = json.loads(answer["Payload"].read())
        if answer.get("FunctionError") or payload.get("total") != "5.20":
            raise SampleError(f"The deployed function answered {payload}.")
        bucket = self._variables["website_bucket"]
        listed = self._client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
        pages = tuple(entry["Key"] for entry in listed)
        if "index.html" not in pages:
            raise SampleError(f"The bucket {bucket} has no index.html, only {pages}.")
        return Delivered(version=payload["version"], total=payload["total"], pages=pages)

    def _bucket(self, name: str, *, versioned: bool) -> None:
        s3 = self._client("s3")
        if name not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
            s3.create_bucket(Bucket=name, **self._location())
        if versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    def _location(self) -> dict[str, Any]:
        region = self._variables["region"]
        if region == "us-east-1":
            return {}
        return {"CreateBucketConfiguration": {"LocationConstraint": region}}

    def _role(self, name: str, service: str) -> None:
        iam = self._client("iam")
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": service, "AWS": self._variables["account"]},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        try:
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        except iam.exceptions.EntityAlreadyExistsException:
            return
        iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")

    def _topic(self) -> None:
        topic = self._client("sns").create_topic(Name=TOPIC)["TopicArn"]
        sqs = self._client("sqs")
        queue = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
        self._client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"])

    def _project(self, name: str) -> None:
        codebuild = self._client("codebuild")
        if codebuild.batch_get_projects(names=[name])["projects"]:
            return
        codebuild.create_project(
            name=name,
            source={"type": "CODEPIPELINE"},
            artifacts={"type": "CODEPIPELINE"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/amazonlinux2-x86_64-standard:5.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=f"arn:aws:iam::{self._variables['account']}:role/storefront-build",
        )

    def _put_source(self, folder: Path, key: str) -> None:
        body = io.BytesIO()
        zip_folder(folder, body)
        self._client("s3").put_object(Bucket=self._variables["source_bucket"], Key=key, Body=body.getvalue())
