"""The `detail` of an event, member by member as AWS sends it.

Source: CodePipeline user guide, "Monitoring CodePipeline events", its example events; codepipeline.md §8.1.
Members that have no value are left out; versions and attempts are decimal numbers there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.events.change import STARTED, STOPPING
from airflow_codepipeline.events.subject import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airflow_codepipeline.events.change import Change
    from airflow_codepipeline.events.look import Outcome
    from airflow_codepipeline.events.subject import ArtifactPlace, ReportedAction, Subject

SUMMARY_CHARACTERS = 2048
"""The longest externalExecutionSummary (CodePipeline API, ExecutionResult)."""


def detail_type(change: Change) -> str:
    """Return the type of an event."""
    return f"CodePipeline {change.level.capitalize()} Execution State Change"


def event_detail(subject: Subject, change: Change, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """Return the detail of an event.

    :param outcomes: what became of the actions that have ended, by `place`.
    """
    members: dict[str, Any] = {
        "pipeline": subject.pipeline,
        "execution-id": subject.execution_id,
        "start-time": aws_time(subject.started),
    }
    if change.level == "pipeline":
        members |= _of_pipeline(subject, change)
    elif change.level == "stage":
        members |= {"stage-last-retry-attempt-time": _time(change.retried), "stage": change.stage}
    else:
        members |= _of_action(subject, change, outcomes)
    members |= {
        "state": change.state,
        "version": float(subject.version),
        "pipeline-execution-attempt": float(change.attempt),
    }
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}


def aws_time(moment: str) -> str:
    """Return an instant as AWS writes it: in UTC, with milliseconds."""
    instant = datetime.fromisoformat(moment).astimezone(UTC)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _time(moment: str | None) -> str | None:
    return aws_time(moment) if moment else None


def _of_pipeline(subject: Subject, change: Change) -> dict[str, Any]:
    members: dict[str, Any] = {"last-retry-attempt-time": _time(change.retried)}
    if change.state == STARTED:
        trigger = subject.trigger
        kind = {"trigger-type": trigger.trigger_type, "trigger-detail": trigger.trigger_detail}
        members["execution-trigger"] = subject.change or {
            name: value for name, value in kind.items() if value
        }
    if change.state == STOPPING:
        members["stop-execution-comments"] = change.reason
    return members


def _of_action(subject: Subject, change: Change, outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    action = subject.action(change.stage, change.action)
    members: dict[str, Any] = {"stage": change.stage}
    if change.state == STARTED:
        members["input-artifacts"] = _inputs(subject, action, outcomes)
    else:
        outcome = outcomes.get(place(change.stage, change.action))
        members |= _result(outcome) if outcome else {}
    type_id = action.type
    return members | {
        "action-execution-id": change.action_execution_id,
        "action": action.name,
        "region": action.region or subject.region,
        "type": {
            "owner": type_id.owner,
            "provider": type_id.provider,
            "category": type_id.category,
            "version": type_id.version,
        },
    }


def _result(outcome: Outcome) -> dict[str, Any]:
    result = {
        "external-execution-url": outcome.external_execution_url,
        "external-execution-summary": (outcome.summary or "")[:SUMMARY_CHARACTERS],
        "external-execution-id": outcome.external_execution_id,
        "error-code": outcome.error_code,
    }
    return {
        "execution-result": {name: value for name, value in result.items() if value},
        "output-artifacts": _artifacts(outcome.artifacts),
    }


def _inputs(
    subject: Subject, action: ReportedAction, outcomes: Mapping[str, Outcome]
) -> list[dict[str, Any]]:
    made = {artifact.name: artifact for artifact in subject.inherited}
    made |= {artifact.name: artifact for outcome in outcomes.values() for artifact in outcome.artifacts}
    return _artifacts(made[name] for name in action.inputs if name in made)


def _artifacts(artifacts: Iterable[ArtifactPlace]) -> list[dict[str, Any]]:
    return [
        {"name": artifact.name, "s3location": {"bucket": artifact.bucket, "key": artifact.key}}
        for artifact in artifacts
    ]
