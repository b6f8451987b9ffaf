"""What the servers of the commits are told: that a commit is in the pipeline, and what became of it.

Source: GitHub REST API, "Commit statuses"; GitLab REST API, "Set commit pipeline status".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from airflow_codepipeline.events.change import FAILED, OPEN, SUCCEEDED
from airflow_codepipeline.events.subject import place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from airflow_codepipeline.events.change import Change
    from airflow_codepipeline.events.report import Message, Report
    from airflow_codepipeline.events.subject import ReportedAction, Subject

PENDING = "PENDING"
_PROVIDER = "ProviderType"
"""The variable of a connection's source that says who is behind it."""


def commit_messages(
    subject: Subject,
    change: Change,
    report: Report,
    question: Mapping[str, Any],  # noqa: ARG001 - the same for every sink
) -> Iterator[Message]:
    """Yield the statuses that a change gives to the commits of the execution.

    A commit is known when its source action has succeeded: it is pending then, and again when the execution
    is resumed.
    """
    for stage, action in subject.actions():
        if action.commit is None:
            continue
        taken = (change.level, change.stage, change.action) == ("action", stage, action.name)
        if taken and change.state == SUCCEEDED:
            yield from _status(stage, action, report, PENDING, "In progress")
        elif change.level == "pipeline":
            state = PENDING if change.state in OPEN else change.state
            yield from _status(stage, action, report, state, _description(report, change))


def _description(report: Report, change: Change) -> str:
    if change.state in OPEN:
        return "In progress"
    failed = ", ".join(place(*action) for action in report.progress.failed())
    return f"Failed: {failed}" if change.state == FAILED and failed else change.state.capitalize()


def _status(
    stage: str, action: ReportedAction, report: Report, state: str, description: str
) -> Iterator[Message]:
    outcome = report.outcomes.get(place(stage, action.name))
    commits = [artifact.revision for artifact in outcome.artifacts if artifact.revision] if outcome else []
    if outcome is None or not commits or action.commit is None:
        return
    where = action.commit
    if where.provider is None and _PROVIDER in outcome.variables:
        where = msgspec.structs.replace(where, provider=outcome.variables[_PROVIDER])
    yield {
        "commit": commits[0],
        "place": msgspec.to_builtins(where),
        "state": state,
        "description": description,
    }
