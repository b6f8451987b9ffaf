"""The patterns of a trigger's filters mean something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind
from airflow_codepipeline.definition.globs import GlobError, read_glob

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem
    from airflow_codepipeline.definition.model import Patterns, Pipeline

KIND = Kind(
    id="CP604",
    severity="error",
    what="A pattern of a trigger's filter is malformed: an open bracket or brace, or the like.",
    right="A glob; a backslash before a character takes it as it is.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find globs that no name could be matched with."""
    for path, patterns in _patterns(survey.pipeline):
        for kind in ("includes", "excludes"):
            for index, pattern in enumerate(getattr(patterns, kind)):
                try:
                    read_glob(pattern)
                except GlobError as error:
                    message = f"The pattern is malformed: {error}."
                    yield KIND.problem(message, (*path, kind, index), suggestion=KIND.right)


def _patterns(pipeline: Pipeline) -> Iterator[tuple[Path, Patterns]]:
    for index, trigger in enumerate(pipeline.triggers):
        git = trigger.git_configuration
        for event, filters in (("push", git.push), ("pullRequest", git.pull_request)):
            for number, one in enumerate(filters):
                for key, name in (("tags", "tags"), ("branches", "branches"), ("filePaths", "file_paths")):
                    patterns = getattr(one, name, None)
                    if patterns is not None:
                        yield ("triggers", index, "gitConfiguration", event, number, key), patterns
