"""A CloudFormation template of what brings changes to Airflow: a rule a source, and where the rules send to.

The patterns are those of the console's rules (CodePipeline user guide, "Change detection methods"). S3 tells
EventBridge of a bucket where the bucket's own configuration says so, which is not the template's to change.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_codepipeline.changes.watched import Source

QUEUE, DEAD_LETTERS, KEY = "Changes", "DeadLetters", "EventKey"
KEY_HEADER = "X-Api-Key"
ADDRESS = "/codepipeline/events"
_VISIBILITY_SECONDS, _DELIVERIES, _KEPT_SECONDS = 180, 5, 14 * 24 * 3600
_MOST_ARNS = 50
"""As many ARNs of rules a queue's policy has room for (SQS quotas: 8,192 bytes)."""
_NOT_WORD = re.compile(r"[^A-Za-z0-9]+")


def queue_template(sources: Iterable[Source], *, queue_name: str | None) -> dict[str, Any]:
    """Return the template in which rules write into a queue.

    :param queue_name: what the queue is called; none: CloudFormation calls it something.
    """
    rules = _rules(sources, {"Id": "Changes", "Arn": _arn(QUEUE)})
    redrive = {"deadLetterTargetArn": _arn(DEAD_LETTERS), "maxReceiveCount": _DELIVERIES}
    queue = {"VisibilityTimeout": _VISIBILITY_SECONDS, "RedrivePolicy": redrive}
    dead = {"QueueName": f"{queue_name}-dead-letters"} if queue_name else {}
    resources = {
        QUEUE: _queue(queue | ({"QueueName": queue_name} if queue_name else {})),
        DEAD_LETTERS: _queue(dead),
        "MayWrite": _may_write(QUEUE, rules),
    }
    return _template(
        "Changes of sources for Airflow CodePipeline: its option event_queue is the QueueUrl of this.",
        resources | rules,
        outputs={"QueueUrl": {"Ref": QUEUE}, "DeadLetterQueueUrl": {"Ref": DEAD_LETTERS}},
    )


def api_destination_template(sources: Iterable[Source], *, url: str) -> dict[str, Any]:
    """Return the template in which rules send to Airflow's API server.

    :param url: where EventBridge reaches the API server: the address of the receiver, whole.
    """
    target = {
        "Id": "Airflow",
        "Arn": _arn("Airflow"),
        "RoleArn": _arn("MaySend"),
        "DeadLetterConfig": {"Arn": _arn(DEAD_LETTERS)},
    }
    rules = _rules(sources, target)
    key = {"ApiKeyAuthParameters": {"ApiKeyName": KEY_HEADER, "ApiKeyValue": {"Ref": KEY}}}
    resources = {
        "Credentials": {
            "Type": "AWS::Events::Connection",
            "Properties": {"AuthorizationType": "API_KEY", "AuthParameters": key},
        },
        "Airflow": {
            "Type": "AWS::Events::ApiDestination",
            "Properties": {
                "ConnectionArn": _arn("Credentials"),
                "HttpMethod": "POST",
                "InvocationEndpoint": url,
            },
        },
        "MaySend": _may_send(),
        DEAD_LETTERS: _queue({}),
        "MayWrite": _may_write(DEAD_LETTERS, rules),
    }
    about = "The value of Airflow CodePipeline's option event_key."
    return _template(
        "Changes of sources, sent to Airflow CodePipeline at its API server.",
        resources | rules,
        outputs={"DeadLetterQueueUrl": {"Ref": DEAD_LETTERS}},
        parameters={KEY: {"Type": "String", "NoEcho": True, "MinLength": 16, "Description": about}},
    )


def _rules(sources: Iterable[Source], target: dict[str, Any]) -> dict[str, Any]:
    return {_logical_id(source): _rule(source, target) for source in sources}


def _rule(source: Source, target: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Description": f"{source.provider} {source.container}/{source.item}"[:512],
            "EventPattern": _pattern(source),
            "Targets": [target],
        },
    }


def _pattern(source: Source) -> dict[str, Any]:
    kind, detail = {
        "S3": ("Object Created", {"bucket": {"name": [source.container]}, "object": {"key": [source.item]}}),
        "CodeCommit": (
            "CodeCommit Repository State Change",
            {
                "repositoryName": [source.container],
                "event": ["referenceCreated", "referenceUpdated"],
                "referenceType": ["branch"],
                "referenceName": [source.item],
            },
        ),
        "ECR": (
            "ECR Image Action",
            {
                "action-type": ["PUSH"],
                "result": ["SUCCESS"],
                "repository-name": [source.container],
                "image-tag": [source.item],
            },
        ),
    }[source.provider]
    return {"source": [f"aws.{source.provider.lower()}"], "detail-type": [kind], "detail": detail}


def _queue(properties: dict[str, Any]) -> dict[str, Any]:
    kept = {"MessageRetentionPeriod": _KEPT_SECONDS, "SqsManagedSseEnabled": True}
    return {"Type": "AWS::SQS::Queue", "Properties": properties | kept}


def _may_write(queue: str, rules: Iterable[str]) -> dict[str, Any]:
    """Let the rules write into a queue: each by its ARN, and where they are many, those of the stack."""
    arns = [_arn(rule) for rule in rules]
    stack = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/${AWS::StackName}-*"
    condition: dict[str, Any] = (
        {"ArnEquals": {"aws:SourceArn": arns}}
        if len(arns) <= _MOST_ARNS
        else {"ArnLike": {"aws:SourceArn": {"Fn::Sub": stack}}}
    )
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": _arn(queue),
        "Condition": condition,
    }
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": [{"Ref": queue}], "PolicyDocument": _policy(statement)},
    }


def _may_send() -> dict[str, Any]:
    """Return the role with which EventBridge calls the API destination, and nothing else."""
    assume = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    send = {"Effect": "Allow", "Action": "events:InvokeApiDestination", "Resource": _arn("Airflow")}
    policy = {"PolicyName": "send", "PolicyDocument": _policy(send)}
    properties = {"AssumeRolePolicyDocument": _policy(assume), "Policies": [policy]}
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def _policy(statement: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [statement]}


def _arn(logical_id: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def _logical_id(source: Source) -> str:
    """Return an id that says what it is of, and is no other's."""
    name = "".join(word.capitalize() for word in _NOT_WORD.split(source.container))
    exact = f"{source.provider}/{source.container}/{source.item}"
    return f"{source.provider}{name}{hashlib.sha256(exact.encode()).hexdigest()[:8]}"


def _template(
    description: str,
    resources: dict[str, Any],
    *,
    outputs: dict[str, Any],
    parameters: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": description,
        **({"Parameters": parameters} if parameters else {}),
        "Resources": resources,
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
