"""Notification rules have topics for targets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP802",
    severity="error",
    what="The target of a notification rule is no ARN of an SNS topic.",
    right="The ARN of a topic, such as `arn:aws:sns:eu-west-1:123456789012:releases`.",
)

_TOPIC = re.compile(r"arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w-]+(?:\.fifo)?", re.ASCII)


def find(survey: Survey) -> Iterator[Problem]:
    """Find targets that cannot be told anything."""
    for number, rule in enumerate(survey.pipeline.airflow.notifications):
        if not _TOPIC.fullmatch(rule.target):
            yield KIND.problem(
                f"{shown(rule.target)} is no topic.",
                ("airflow", "notifications", number, "target"),
                suggestion=KIND.right,
            )
