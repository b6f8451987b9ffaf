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
from airflow_codepipeline.local.sample_resources import make_bucket, make_project, make_role

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
        account, s3 = self._variables["account"], self._client("s3")
        for name in ("artifact_bucket", "source_bucket", "website_bucket"):
            make_bucket(s3, self._variables[name], self._variables["region"])
        s3.put_bucket_versioning(
            Bucket=self._variables["source_bucket"], VersioningConfiguration={"Status": "Enabled"}
        )
        for role, service in ROLES.items():
            make_role(self._client("iam"), role, service, account)
        self._topic()
        for project in PROJECTS:
            make_project(self._client("codebuild"), project, f"arn:aws:iam::{account}:role/storefront-build")
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

    def _topic(self) -> None:
        topic = self._client("sns").create_topic(Name=TOPIC)["TopicArn"]
        sqs = self._client("sqs")
        queue = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
        self._client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=attributes["QueueArn"])

    def _put_source(self, folder: Path, key: str) -> None:
        body = io.BytesIO()
        zip_folder(folder, body)
        self._client("s3").put_object(Bucket=self._variables["source_bucket"], Key=key, Body=body.getvalue())
