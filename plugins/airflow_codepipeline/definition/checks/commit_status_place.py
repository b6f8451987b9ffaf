"""Commit statuses are written for sources whose server can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.commit_sources import repository_keys
from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP803",
    severity="error",
    what="`airflow.commit_status` stands where no commit's status can be written.",
    right="`commit_status` beside a `git_conn_id`, on a CodeStarSourceConnection, GitHub or Git source.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find actions that have no commit, or no token to tell its server with."""
    for placed in survey.actions:
        extension, type_id = placed.action.airflow, placed.action.action_type_id
        if not extension.commit_status:
            continue
        path = (*placed.path, "airflow", "commit_status")
        if not repository_keys(type_id):
            yield KIND.problem(
                f"{shown(placed.action.name)} is of {type_id} and takes no commit of GitHub or GitLab.",
                path,
                suggestion="Remove it.",
            )
        elif extension.git_conn_id is None:
            yield KIND.problem(
                f"{shown(placed.action.name)} names no connection with a token.",
                path,
                suggestion="Add `git_conn_id`, an Airflow connection whose password is a token.",
            )
