"""What is told of the change to a repository that started an execution.

Source: CodePipeline user guide, "Monitoring CodePipeline events": `execution-trigger` of an execution that a
Git trigger started; codepipeline.md §8.1.
"""

from __future__ import annotations

from typing import Any

from airflow_codepipeline.execution.refusal import Refusal

CHANGE = "codepipeline.change"
"""The key of a DAG run's conf that holds it: texts, by AWS's names."""
NAMES = (
    "author-date",
    "author-display-name",
    "author-email",
    "author-id",
    "branch-name",
    "commit-id",
    "commit-message",
    "connection-arn",
    "full-repository-name",
    "provider-type",
    "tag-name",
)


def check_change(given: Any) -> None:
    """Check what a conf has of it.

    :raises Refusal: ValidationException.
    """
    right = isinstance(given, dict) and given.keys() <= set(NAMES)
    if not right or not all(isinstance(value, str) for value in given.values()):
        raise Refusal(
            "ValidationException",
            f"{CHANGE} must be {{<name>: <text>}}, the names of {', '.join(NAMES)}, not {given!r}.",
        )
