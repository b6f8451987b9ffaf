"""Links into the AWS console, and the names of AWS's partitions that they need."""

from __future__ import annotations

from urllib.parse import quote, urlencode

_DOMAINS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def partition(region: str) -> str:
    """Return the partition of a region: aws, aws-cn or aws-us-gov."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def s3_object(region: str, bucket: str, key: str, version_id: str | None = None) -> str:
    """Return the page of an S3 object, at a version where one is given."""
    query = {"region": region, "prefix": key}
    if version_id:
        query["versionId"] = version_id
    return f"{_home(region)}/s3/object/{quote(bucket)}?{urlencode(query)}"


def s3_folder(region: str, bucket: str, prefix: str) -> str:
    """Return the page that lists what lies under a prefix of a bucket."""
    return f"{_home(region)}/s3/buckets/{quote(bucket)}?{urlencode({'region': region, 'prefix': prefix})}"


def build(region: str, project: str, build_id: str, *, batch: bool = False) -> str:
    """Return the page of a CodeBuild build or batch."""
    kind = "batch" if batch else "build"
    place = f"projects/{quote(project)}/{kind}/{quote(build_id, safe='')}"
    return f"{_home(region)}/codesuite/codebuild/{place}?{urlencode({'region': region})}"


def stack(region: str, stack_id: str) -> str:
    """Return the page of a CloudFormation stack."""
    query = urlencode({"stackId": stack_id})
    return f"{_home(region)}/cloudformation/home?region={region}#/stacks/stackinfo?{query}"


def codecommit_commit(region: str, repository: str, commit: str) -> str:
    """Return the page of a commit in CodeCommit."""
    place = f"repositories/{quote(repository)}/commit/{quote(commit)}"
    return f"{_home(region)}/codesuite/codecommit/{place}?{urlencode({'region': region})}"


def connection_commit(region: str, connection_arn: str, repository: str, commit: str) -> str:
    """Return the page that leads to a commit at the provider of a connection."""
    query = {
        "connectionArn": connection_arn,
        "referenceType": "COMMIT",
        "FullRepositoryId": repository,
        "Commit": commit,
    }
    return f"{_home(region)}/codesuite/settings/connections/redirect?{urlencode(query)}"


def image(region: str, registry: str, repository: str, digest: str) -> str:
    """Return the page of an image in ECR."""
    place = f"private/{registry}/{quote(repository)}/_/image/{quote(digest, safe='')}/details"
    return f"{_home(region)}/ecr/repositories/{place}?{urlencode({'region': region})}"


def alarm(region: str, name: str) -> str:
    """Return the page of a CloudWatch alarm."""
    return f"{_home(region)}/cloudwatch/home?region={region}#alarmsV2:alarm/{quote(name, safe='')}"


def function(region: str, name: str) -> str:
    """Return the page of a Lambda function."""
    return f"{_home(region)}/lambda/home?region={region}#/functions/{quote(name, safe='')}"


def _home(region: str) -> str:
    return f"https://{region}.{_DOMAINS[partition(region)]}"
