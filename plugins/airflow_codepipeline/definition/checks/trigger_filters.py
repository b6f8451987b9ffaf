"""A push filter combines what AWS documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP603",
    severity="warning",
    what="A push filter has tags together with branches or file paths; AWS documents no meaning for that.",
    right="Tags alone, branches alone, or branches with file paths.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find push filters of an undocumented combination."""
    for index, trigger in enumerate(survey.pipeline.triggers):
        for number, push in enumerate(trigger.git_configuration.push):
            undocumented = push.tags and (push.branches or push.file_paths)
            if undocumented or (push.file_paths and not push.branches):
                path = ("triggers", index, "gitConfiguration", "push", number)
                yield KIND.problem(KIND.what, path, suggestion=KIND.right)
