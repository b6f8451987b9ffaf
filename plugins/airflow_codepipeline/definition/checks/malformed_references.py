"""What looks like a reference is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.uses import texts
from airflow_codepipeline.definition.findings import Kind, shown
from airflow_codepipeline.definition.references import malformed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP510",
    severity="warning",
    what="A text has `#{` without being a reference; it stays as it is.",
    right="`#{namespace.key}` of letters, digits, '@', '-' and '_'.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find texts that start as references and are none."""
    for text in texts(survey):
        for part in malformed(text.value):
            yield KIND.problem(f"{shown(part)} is not a reference.", text.path, suggestion=KIND.right)
