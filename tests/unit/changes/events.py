"""Events as the services write them (S3, CloudTrail, CodeCommit and ECR user guides, sample events)."""

from __future__ import annotations

import json
from typing import Any

EVENT_ID = "17793124-05d4-b198-2fde-7ededc63b103"
TIME = "2026-11-12T00:00:00Z"
DIGEST = "sha256:7f5b2640fe6fb4f46592dfd3410c4a79dac4f89e4782432e0378abcd1234abcd"
COMMIT = "3e5983d1d4a1f6c0a1f9f3dd5b0d2f7a2c9b8e11"


def event(source: str, detail_type: str, detail: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "id": EVENT_ID,
        "detail-type": detail_type,
        "source": source,
        "account": "111122223333",
        "time": TIME,
        "region": "ca-central-1",
        "resources": [],
        "detail": detail,
    } | more


def object_created(*, bucket="sources", key="web-shop.zip", **more: Any) -> dict[str, Any]:
    item = {"key": key, "size": 5, "etag": "b1946ac9", "version-id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"}
    item |= {"sequencer": "00617F08299329D189"} | more.pop("object", {})
    detail = {
        "version": "0",
        "bucket": {"name": bucket},
        "object": item,
        "request-id": "N4N7GDK58NMKJ12R",
        "requester": "123456789012",
        "source-ip-address": "1.2.3.4",
        "reason": "PutObject",
    }
    return event("aws.s3", "Object Created", detail, **more)


def call_of_s3(name: str = "PutObject", **more: Any) -> dict[str, Any]:
    detail = {
        "eventVersion": "1.09",
        "eventSource": "s3.amazonaws.com",
        "eventName": name,
        "awsRegion": "ca-central-1",
        "requestParameters": {"bucketName": "sources", "key": "web-shop.zip", "Host": "s3.amazonaws.com"},
        "responseElements": {"x-amz-version-id": "v7", "x-amz-server-side-encryption": "AES256"},
        "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::sources/web-shop.zip"}],
    }
    return event("aws.s3", "AWS API Call via CloudTrail", detail | more)


def repository_state(**more: Any) -> dict[str, Any]:
    detail = {
        "callerUserArn": "arn:aws:sts::111122223333:assumed-role/dev/ada",
        "commitId": COMMIT,
        "oldCommitId": "47f1f3",
        "event": "referenceUpdated",
        "referenceFullName": "refs/heads/main",
        "referenceName": "main",
        "referenceType": "branch",
        "repositoryId": "1e0c1b2a",
        "repositoryName": "shop",
    }
    return event("aws.codecommit", "CodeCommit Repository State Change", detail | more)


def image_action(**more: Any) -> dict[str, Any]:
    detail = {
        "result": "SUCCESS",
        "repository-name": "base",
        "image-digest": DIGEST,
        "action-type": "PUSH",
        "image-tag": "latest",
    }
    return event("aws.ecr", "ECR Image Action", detail | more)


def text(value: Any) -> str:
    return json.dumps(value)
