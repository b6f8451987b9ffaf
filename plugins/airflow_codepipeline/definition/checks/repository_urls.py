"""A git source has the address of a server, and no password in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airflow_codepipeline.definition.commit_sources import repository_keys
from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

_KEY = "RepositoryUrl"
_PRINTABLE = re.compile(r"[!-~]+")

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
            wrong = _wrong(url)
            if wrong is not None:
                yield KIND.problem(wrong, (*placed.path, "configuration", _KEY), suggestion=KIND.right)


def _wrong(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return f"{shown(url)} is no address."
    if not _PRINTABLE.fullmatch(url) or parts.scheme not in {"http", "https"} or not parts.hostname:
        return f"{shown(url)} is no address of a server."
    if parts.username is not None:
        return "The address has credentials in it."
    return "The address has more than a repository's." if parts.query or parts.fragment else None
