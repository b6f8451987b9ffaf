"""A pipeline has a service role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP211",
    severity="warning",
    what="The pipeline has no roleArn; AWS requires one, here the connection's own identity is used.",
    right="`roleArn: arn:aws:iam::<account>:role/<role>`.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find a pipeline without a role."""
    if survey.pipeline.role_arn is None:
        yield KIND.problem("The pipeline has no 'roleArn'.", suggestion="AWS requires one: the service role.")
