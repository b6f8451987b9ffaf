"""The AWS resources that every sample needs, made where they are not there yet."""

from __future__ import annotations

import json
from typing import Any


def make_bucket(s3: Any, name: str, region: str) -> None:
    """Make a bucket."""
    if name in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        return
    # S3 API, CreateBucket: us-east-1 must not be named.
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **place)


def make_role(iam: Any, name: str, service: str, account: str) -> None:
    """Make a role that a service and its own account may assume."""
    trusted = {"Service": service, "AWS": account}
    statement = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    try:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)
    except iam.exceptions.EntityAlreadyExistsException:
        return
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


def make_project(codebuild: Any, name: str, role: str) -> None:
    """Make a build project whose source and artifacts are a pipeline's."""
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
        serviceRole=role,
    )
