"""Notifications to SNS topics.

Source: Developer Tools console user guide, "Understanding notification contents"; CodePipeline user guide,
"Monitoring CodePipeline events", its processed events.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.actions.base import AwsIdentity
from airflow_codepipeline.aws.clients import CLIENTS
from airflow_codepipeline.aws.pipeline_arn import pipeline_account, pipeline_arn
from airflow_codepipeline.errors import ActionError
from airflow_codepipeline.sinks.base import Delivery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_codepipeline.events.report import Message
    from airflow_codepipeline.events.subject import Subject

_RULES = uuid.UUID("8d0f6c1e-92a5-5c34-b1a7-6c3f1e2b9d55")
_SOURCE = "aws.codepipeline"


class NotificationTargets:
    """`sinks.base.Sink` for the topics of notification rules; one that cannot be told holds no other up.

    They are told under the pipeline's connection, without its role: a topic's policy says who may.
    """

    def __init__(self, subject: Subject, *, region: str, connection_id: str | None) -> None:
        self._subject = subject
        self._identity = AwsIdentity(region=region, connection_id=connection_id)

    def deliver(self, messages: Sequence[Message]) -> Delivery:
        """Publish notifications, to each topic in their order."""
        failed: dict[str, ActionError] = {}
        undelivered = []
        for message in messages:
            topic = message["target"]
            if topic not in failed:
                try:
                    self._publish(topic, message)
                except ActionError as error:
                    failed[topic] = ActionError(error.code, f"{topic}: {error.message}")
            if topic in failed:
                undelivered.append(message)
        return Delivery(undelivered, next(iter(failed.values()), None))

    def _publish(self, topic: str, message: Message) -> None:
        client = CLIENTS.get(self._identity, self._subject.execution_id, "sns", topic.split(":")[3])
        text = json.dumps(self._content(message))
        if topic.endswith(".fifo"):
            client.publish(
                TopicArn=topic,
                Message=text,
                MessageGroupId=self._subject.execution_id,
                MessageDeduplicationId=str(uuid.uuid5(_RULES, text)),
            )
        else:
            client.publish(TopicArn=topic, Message=text)

    def _content(self, message: Message) -> dict[str, Any]:
        subject, region = self._subject, self._identity.region
        partition, account = pipeline_account(subject, self._identity)
        rule = uuid.uuid5(_RULES, f"{subject.pipeline}/{message['rule']}/{message['target']}").hex
        return {
            "account": account,
            "detailType": message["type"],
            "region": region,
            "source": _SOURCE,
            "time": message["at"][:19] + "Z",
            "notificationRuleArn": (
                f"arn:{partition}:codestar-notifications:{region}:{account}:notificationrule/{rule}"
            ),
            "detail": message["detail"],
            "resources": [pipeline_arn(subject, self._identity)],
            "additionalAttributes": message["attributes"],
        }
