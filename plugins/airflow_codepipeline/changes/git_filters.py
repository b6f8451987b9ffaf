"""Whether a change starts a pipeline: its triggers with their filters, or its source action alone.

Source: CodePipeline user guide, "Add trigger with code push or pull request event types" and "Automate
starting pipelines using triggers and filtering".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_codepipeline.changes.git_change import MOST_FILES
from airflow_codepipeline.definition.change_detection import DETECTS, says_false
from airflow_codepipeline.definition.globs import GlobError, read_glob

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_codepipeline.changes.git_change import GitChange, PullRequest
    from airflow_codepipeline.definition.model import (
        Action,
        GitConfiguration,
        Patterns,
        Pipeline,
        PullRequestFilter,
        PushFilter,
    )

_BRANCH_NAME = "BranchName"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a change starts a pipeline.

    :param starts: none: that depends on the changed files, which are not known yet.
    :param reason: why it does not, as a sentence.
    """

    starts: bool | None
    reason: str = ""


def judge(pipeline: Pipeline, action: Action, change: GitChange) -> Verdict:
    """Tell whether a change to the repository of a source action starts its pipeline."""
    request = change.pull_request
    if request is not None and request.from_fork:
        return Verdict(starts=False, reason="The pull request comes from a fork.")
    filters = _filters(pipeline, action)
    if filters is None:
        return _without_filters(action, change)
    try:
        if request is not None:
            found = _any(_pull_request(one, request, change) for one in filters.pull_request)
        else:
            found = _any(_push(one, change) for one in filters.push)
    except GlobError as error:
        return Verdict(starts=False, reason=f"A pattern of its triggers is malformed: {error}.")
    return Verdict(found, "" if found else f"No filter of its triggers wants this {_kind(change)}.")


def _filters(pipeline: Pipeline, action: Action) -> GitConfiguration | None:
    for trigger in pipeline.triggers:
        git = trigger.git_configuration
        if git.source_action_name == action.name and (git.push or git.pull_request):
            return git
    return None


def _without_filters(action: Action, change: GitChange) -> Verdict:
    """Any push to the branch of the action starts it, and nothing else does."""
    branch = action.configuration.get(_BRANCH_NAME)
    if says_false(action, DETECTS):
        return Verdict(starts=False, reason=f"{DETECTS} of {action.name} is false, and it has no filter.")
    if change.pull_request is not None or change.branch != branch:
        return Verdict(starts=False, reason=f"Without a filter {action.name} takes pushes to {branch} only.")
    return Verdict(starts=True)


def _push(wanted: PushFilter, change: GitChange) -> bool | None:
    return _all(
        (
            wanted.tags is None or _matches(wanted.tags, change.tag),
            wanted.branches is None or _matches(wanted.branches, change.branch),
            # A new branch has nothing that its files could be compared with.
            wanted.file_paths is None or (change.before is not None and _touches(wanted.file_paths, change)),
        )
    )


def _pull_request(wanted: PullRequestFilter, request: PullRequest, change: GitChange) -> bool | None:
    return _all(
        (
            not wanted.events or request.event in wanted.events,
            wanted.branches is None or _matches(wanted.branches, request.destination_branch),
            wanted.file_paths is None or _touches(wanted.file_paths, change),
        )
    )


def _touches(wanted: Patterns, change: GitChange) -> bool | None:
    if change.files is None:
        return None
    return any(_matches(wanted, name) for name in change.files[:MOST_FILES])


def _matches(wanted: Patterns, name: str | None) -> bool:
    """Tell whether a name is included and not excluded; where nothing is included, everything is."""
    if name is None or any(read_glob(pattern).matches(name) for pattern in wanted.excludes):
        return False
    return not wanted.includes or any(read_glob(pattern).matches(name) for pattern in wanted.includes)


def _all(criteria: Iterable[bool | None]) -> bool | None:
    """Return whether all hold; none where that depends on what is not known."""
    found = tuple(criteria)
    if False in found:
        return False
    return None if None in found else True


def _any(criteria: Iterable[bool | None]) -> bool | None:
    """Return whether one holds; none where that depends on what is not known."""
    found = tuple(criteria)
    if True in found:
        return True
    return None if None in found else False


def _kind(change: GitChange) -> str:
    if change.pull_request is not None:
        return "event of a pull request"
    return "push of a tag" if change.tag is not None else "push"
