"""A git source has the address of a server, and no password in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.commit_sources import repository_keys
from airflow_codepipeline.definition.findings import Kind, shown
from airflow_codepipeline.definition.repository_url import UrlFault, fault_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

_KEY = "RepositoryUrl"
_MESSAGES = {
    UrlFault.UNREADABLE: "{} is no address.",
    UrlFault.NO_SERVER: "{} is no address of a server.",
    UrlFault.CREDENTIALS: "The address has credentials in it.",
    UrlFault.MORE: "The address has more than a repository's.",
}

KIND = Kind(
    id="CP313",
    severity="error",
    what="The address of a git repository is none, or has credentials in it.",
    right="`https://...` and no more; user and password belong into the Airflow connection of `git_conn_id`.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find addresses that git is never given."""
    for placed in survey.actions:
        url = placed.action.configuration.get(_KEY)
        if url and repository_keys(placed.action.action_type_id) == (_KEY,):
            fault = fault_of(url)
            if fault is not None:
                message = _MESSAGES[fault].format(shown(url))
                yield KIND.problem(message, (*placed.path, "configuration", _KEY), suggestion=KIND.right)
