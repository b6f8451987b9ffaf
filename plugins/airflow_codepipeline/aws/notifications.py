"""Tell an SNS topic that an approval is waited for (user guide, manual approval notifications)."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import msgspec

from airflow_codepipeline.aws.session import AwsSession

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_codepipeline.actions.base import ActionContext

SUBJECT_CHARACTERS = 100


class Approval(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The approval in CodePipeline's message.

    :param expires: as AWS writes it: `2016-07-07T20:22Z`.
    :param approval_review_link: the page where a person answers.
    """

    pipeline_name: str
    stage_name: str
    action_name: str
    token: str
    expires: str
    external_entity_link: str | None = None
    approval_review_link: str
    custom_data: str | None = None


class ApprovalMessage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """CodePipeline's message for a manual approval action."""

    region: str
    console_link: str
    approval: Approval


def approval_message(
    context: ActionContext, *, token: str, expires: datetime, review_link: str, console_link: str
) -> ApprovalMessage:
    """Return the message for an attempt at an approval action.

    :param expires: when the approval times out.
    """
    configuration = context.action.configuration
    return ApprovalMessage(
        region=context.identity.region,
        console_link=console_link,
        approval=Approval(
            pipeline_name=context.pipeline,
            stage_name=context.stage,
            action_name=context.action.name,
            token=token,
            expires=expires.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ"),
            external_entity_link=configuration.get("ExternalEntityLink"),
            approval_review_link=review_link,
            custom_data=configuration.get("CustomData"),
        ),
    )


def publish_approval(context: ActionContext, message: ApprovalMessage) -> None:
    """Publish to the action's NotificationArn; nothing to do where it has none.

    :raises ActionError: the topic cannot be reached.
    """
    topic = context.action.configuration.get("NotificationArn")
    if not topic:
        return
    region = topic.split(":")[3] if topic.startswith("arn:") else None
    subject = f"APPROVAL NEEDED: AWS CodePipeline {context.pipeline} for action {context.action.name}"
    AwsSession(context).client("sns", region=region).publish(
        TopicArn=topic,
        Subject=subject[:SUBJECT_CHARACTERS],
        Message=msgspec.json.encode(message).decode(),
    )
