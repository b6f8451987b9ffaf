"""Attributes of resources that follow from their physical id.

Source: CloudFormation template reference, "Return values" of each resource type; Service Authorization
Reference, the ARN formats of each service's resource types.
"""

from __future__ import annotations

_SUFFIXES = {
    "aws-cn": "amazonaws.com.cn",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
}

# `{id}` is the physical id, `{last}` what follows its last '/' or ':', `{path}` IAM's.
_S3_HOST = "{id}.s3.{suffix}"
_REGIONAL = "arn:{partition}:%s:{region}:{account}:%s"
_IAM = "arn:{partition}:iam::{account}:%s{path}{id}"
_FORMS: dict[tuple[str, str], str] = {
    ("AWS::CloudWatch::Alarm", "Arn"): _REGIONAL % ("cloudwatch", "alarm:{id}"),
    ("AWS::CodeBuild::Project", "Arn"): _REGIONAL % ("codebuild", "project/{id}"),
    ("AWS::DynamoDB::Table", "Arn"): _REGIONAL % ("dynamodb", "table/{id}"),
    ("AWS::ECR::Repository", "Arn"): _REGIONAL % ("ecr", "repository/{id}"),
    ("AWS::ECR::Repository", "RepositoryUri"): "{account}.dkr.ecr.{region}.{suffix}/{id}",
    ("AWS::ECS::Cluster", "Arn"): _REGIONAL % ("ecs", "cluster/{id}"),
    ("AWS::ECS::Service", "Name"): "{last}",
    ("AWS::IAM::InstanceProfile", "Arn"): _IAM % "instance-profile",
    ("AWS::IAM::Role", "Arn"): _IAM % "role",
    ("AWS::IAM::User", "Arn"): _IAM % "user",
    ("AWS::KMS::Key", "Arn"): _REGIONAL % ("kms", "key/{id}"),
    ("AWS::KMS::Key", "KeyId"): "{id}",
    ("AWS::Kinesis::Stream", "Arn"): _REGIONAL % ("kinesis", "stream/{id}"),
    ("AWS::Lambda::Function", "Arn"): _REGIONAL % ("lambda", "function:{id}"),
    ("AWS::Logs::LogGroup", "Arn"): _REGIONAL % ("logs", "log-group:{id}:*"),
    ("AWS::S3::Bucket", "Arn"): "arn:{partition}:s3:::{id}",
    ("AWS::S3::Bucket", "DomainName"): _S3_HOST,
    ("AWS::S3::Bucket", "DualStackDomainName"): "{id}.s3.dualstack.{region}.{suffix}",
    ("AWS::S3::Bucket", "RegionalDomainName"): "{id}.s3.{region}.{suffix}",
    ("AWS::SNS::Topic", "TopicName"): "{last}",
    ("AWS::SQS::Queue", "Arn"): _REGIONAL % ("sqs", "{last}"),
    ("AWS::SQS::Queue", "QueueName"): "{last}",
    ("AWS::SQS::Queue", "QueueUrl"): "{id}",
    ("AWS::SecretsManager::Secret", "Id"): "{id}",
    ("AWS::StepFunctions::StateMachine", "Name"): "{last}",
}


def url_suffix(partition: str) -> str:
    """Return the domain of a partition: AWS::URLSuffix."""
    return _SUFFIXES.get(partition, "amazonaws.com")


def attribute_value(
    kind: str, physical_id: str, attribute: str, pseudo: dict[str, str], path: str | None
) -> str | None:
    """Return an attribute of a resource; none where its physical id does not tell it.

    :param pseudo: the pseudo parameters of its stack.
    :param path: IAM's Path; none where it is not known.
    """
    if physical_id.startswith("arn:") and attribute in ("Arn", f"{kind.rpartition('::')[2]}Arn"):
        return physical_id
    form = _FORMS.get((kind, attribute))
    if form is None or (path is None and "{path}" in form):
        return None
    return form.format(
        id=physical_id,
        last=physical_id.replace(":", "/").rpartition("/")[2],
        path=path,
        partition=pseudo["AWS::Partition"],
        region=pseudo["AWS::Region"],
        account=pseudo["AWS::AccountId"],
        suffix=pseudo["AWS::URLSuffix"],
    )
