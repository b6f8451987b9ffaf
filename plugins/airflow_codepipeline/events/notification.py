"""What the targets of notification rules are told.

Source: Developer Tools console user guide, "Events for notification rules on pipelines" and "Understanding
notification contents"; CodePipeline user guide, "Monitoring CodePipeline events", its processed events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.notification_events import PREFIX
from airflow_codepipeline.events.change import FAILED, SUCCEEDED
from airflow_codepipeline.events.detail import SUMMARY_CHARACTERS, detail_type, event_detail
from airflow_codepipeline.events.subject import place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from airflow_codepipeline.events.change import Change
    from airflow_codepipeline.events.report import Message, Report
    from airflow_codepipeline.events.subject import Subject


def notification_messages(
    subject: Subject, change: Change, report: Report, question: Mapping[str, Any]
) -> Iterator[Message]:
    """Yield a notification for each rule that names the change.

    :param question: the configuration of the approval that asks, if it is one.
    """
    types = event_types(subject, change)
    for number, rule in enumerate(subject.notifications):
        if types.isdisjoint(rule.events):
            continue
        more = _attributes(subject, change, report, question) if rule.detail == "FULL" else {}
        yield {
            "rule": number,
            "target": rule.target,
            "type": detail_type(change),
            "at": change.at,
            "detail": event_detail(subject, change, report.outcomes),
            "attributes": more,
        }


def event_types(subject: Subject, change: Change) -> frozenset[str]:
    """Return the event types of a change: an approval that is decided has two."""
    if change.asked:
        return frozenset({f"{PREFIX}manual-approval-needed"})
    state = change.state.lower()
    found = {f"{PREFIX}{change.level}-execution-{state}"}
    if change.level == "action" and change.state in {SUCCEEDED, FAILED}:
        action = subject.action(change.stage, change.action)
        if action.type.category == "Approval":
            found.add(f"{PREFIX}manual-approval-{state}")
    return frozenset(found)


def _attributes(
    subject: Subject, change: Change, report: Report, question: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a notification says beyond the event."""
    if change.asked:
        asked = {
            "externalEntityLink": question.get("ExternalEntityLink"),
            "customData": question.get("CustomData"),
        }
        return {name: value for name, value in asked.items() if value}
    if change.level == "action":
        information = _information(report, change.stage, change.action)
        return {"additionalInformation": information} if change.state == FAILED and information else {}
    if change.state == FAILED:
        return _failures(report, change)
    return {"sourceActions": list(_sources(subject, report))} if change.level == "stage" else {}


def _failures(report: Report, change: Change) -> dict[str, Any]:
    failed = [(stage, action) for stage, action in report.progress.failed() if change.stage in {"", stage}]
    found: dict[str, Any] = {
        "failedActionCount": len(failed),
        "failedActions": [
            {"action": action, "additionalInformation": _information(report, stage, action)}
            for stage, action in failed
        ],
    }
    if change.level == "pipeline":
        stages = report.progress.stages
        found["failedStage"] = next((name for name, told in stages.items() if told.state == FAILED), "")
    return found


def _information(report: Report, stage: str, action: str) -> str:
    outcome = report.outcomes.get(place(stage, action))
    return ((outcome.summary if outcome else None) or "")[:SUMMARY_CHARACTERS]


def _sources(subject: Subject, report: Report) -> Iterator[dict[str, Any]]:
    for stage, action in subject.actions():
        outcome = report.outcomes.get(place(stage, action.name))
        if action.type.category == "Source" and outcome is not None:
            yield {
                "sourceActionName": action.name,
                "sourceActionProvider": action.type.provider,
                "sourceActionVariables": outcome.variables,
            }
