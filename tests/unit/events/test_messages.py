"""The documents that events and notifications are, member by member."""

from __future__ import annotations

import pytest

from airflow_codepipeline.definition.notification_events import EVENT_TYPES
from airflow_codepipeline.events.commit_status import commit_messages
from airflow_codepipeline.events.detail import event_detail
from airflow_codepipeline.events.event_bus import event_messages
from airflow_codepipeline.events.look import Outcome
from airflow_codepipeline.events.notification import event_types, notification_messages
from airflow_codepipeline.events.progress import Progress, StageProgress
from airflow_codepipeline.events.report import Report
from events.kit import OUTCOMES, change, rule, subject

COMMON = {
    "pipeline": "shop",
    "execution-id": "one",
    "start-time": "2026-03-01T12:00:00.123Z",
    "version": 3.0,
    "pipeline-execution-attempt": 1.0,
}
APP = {"name": "App", "s3location": {"bucket": "store", "key": "shop/App/1.zip"}}
TYPE = {"owner": "AWS", "provider": "CodeBuild", "category": "Build", "version": "1"}


@pytest.mark.parametrize(
    ("told", "more"),
    [
        (
            change("pipeline", "STARTED"),
            {"execution-trigger": {"trigger-type": "Webhook", "trigger-detail": "arn:of:a:webhook"}},
        ),
        (change("pipeline", "SUCCEEDED"), {}),
        (change("pipeline", "STOPPING", reason="wrong branch"), {"stop-execution-comments": "wrong branch"}),
        (
            change("pipeline", "RESUMED", retried="2026-03-01T13:00:00+00:00"),
            {"last-retry-attempt-time": "2026-03-01T13:00:00.000Z"},
        ),
        (
            change("stage", "RESUMED", "Build", retried="2026-03-01T13:00:00+00:00"),
            {"stage": "Build", "stage-last-retry-attempt-time": "2026-03-01T13:00:00.000Z"},
        ),
        (
            change("action", "STARTED", "Build", "Compile", action_execution_id="1"),
            {
                "stage": "Build",
                "action": "Compile",
                "action-execution-id": "1",
                "region": "us-east-1",
                "type": TYPE,
                "input-artifacts": [APP],
            },
        ),
        (
            change("action", "FAILED", "Build", "Compile"),
            {
                "stage": "Build",
                "action": "Compile",
                "region": "us-east-1",
                "type": TYPE,
                "execution-result": {"external-execution-summary": "exit 1", "error-code": "JobFailed"},
            },
        ),
        (
            change("action", "SUCCEEDED", "Source", "Take"),
            {
                "stage": "Source",
                "action": "Take",
                "region": "eu-west-1",
                "type": TYPE | {"provider": "GitHub", "category": "Source"},
                "output-artifacts": [APP],
                "execution-result": {
                    "external-execution-id": "a" * 40,
                    "external-execution-url": "https://git.test/a",
                    "external-execution-summary": "Fix it",
                },
            },
        ),
        (
            change("action", "ABANDONED", "Build", "Ok"),
            {
                "stage": "Build",
                "action": "Ok",
                "region": "eu-west-1",
                "type": TYPE | {"provider": "Manual", "category": "Approval"},
            },
        ),
    ],
    ids=lambda value: f"{value.level}-{value.state}" if hasattr(value, "level") else "",
)
def test_the_detail_of_an_event_has_the_members_that_aws_sends(told, more):
    outcomes = OUTCOMES | {"Build/Compile": Outcome(summary="exit 1", error_code="JobFailed")}

    assert event_detail(subject(), told, outcomes) == COMMON | {"state": told.state} | more


def test_what_a_git_trigger_knows_of_the_change_is_the_execution_trigger():
    known = {"author-id": "ada", "branch-name": "main", "commit-id": "a" * 40, "provider-type": "GitHub"}
    told = event_detail(subject(change=known), change("pipeline", "STARTED"), {})

    assert told["execution-trigger"] == known


def test_an_approval_that_asks_is_no_event():
    asks = change("action", "STARTED", "Build", "Ok", asked=True)

    assert list(event_messages(subject(), asks, Report(), {})) == []


def test_a_rollback_reads_the_artifacts_of_the_execution_it_goes_back_to():
    [app] = OUTCOMES["Source/Take"].artifacts
    told = change("action", "STARTED", "Build", "Compile")

    assert event_detail(subject(inherited=(app,)), told, {})["input-artifacts"] == [APP]


@pytest.mark.parametrize(
    ("told", "names"),
    [
        (change("pipeline", "SUPERSEDED"), {"pipeline-execution-superseded"}),
        (change("stage", "RESUMED", "Build"), {"stage-execution-resumed"}),
        (change("action", "FAILED", "Build", "Ok"), {"action-execution-failed", "manual-approval-failed"}),
        (change("action", "STARTED", "Build", "Ok", asked=True), {"manual-approval-needed"}),
    ],
)
def test_a_change_has_the_event_types_of_aws(told, names):
    types = event_types(subject(), told)

    assert types == {f"codepipeline-pipeline-{name}" for name in names}
    assert types <= set(EVENT_TYPES)


def messages(told, *rules, report=None, question=None):
    about = subject(notifications=rules)
    return list(notification_messages(about, told, report or Report(outcomes=dict(OUTCOMES)), question or {}))


def test_only_the_rules_that_name_a_change_are_told_of_it():
    failed, started = rule("pipeline-execution-failed"), rule("pipeline-execution-started", detail="BASIC")

    [message] = messages(change("pipeline", "STARTED"), failed, started)

    assert message["rule"] == 1
    assert message["attributes"] == {}


def test_a_failure_names_the_actions_that_failed_and_why():
    report = Report(
        outcomes={"Build/Compile": Outcome(summary="exit 1")},
        progress=Progress(stages={"Build": StageProgress(state="FAILED", actions={"Compile": "FAILED"})}),
    )
    failures = {
        "failedActionCount": 1,
        "failedActions": [{"action": "Compile", "additionalInformation": "exit 1"}],
    }
    every = rule("pipeline-execution-failed", "stage-execution-failed", "action-execution-failed")

    [of_pipeline] = messages(change("pipeline", "FAILED"), every, report=report)
    [of_stage] = messages(change("stage", "FAILED", "Build"), every, report=report)
    [of_action] = messages(change("action", "FAILED", "Build", "Compile"), every, report=report)

    assert of_pipeline["attributes"] == failures | {"failedStage": "Build"}
    assert of_stage["attributes"] == failures
    assert of_action["attributes"] == {"additionalInformation": "exit 1"}


def test_a_stage_that_starts_names_what_the_sources_took():
    [message] = messages(change("stage", "STARTED", "Build"), rule("stage-execution-started"))

    assert message["attributes"] == {
        "sourceActions": [
            {
                "sourceActionName": "Take",
                "sourceActionProvider": "GitHub",
                "sourceActionVariables": {"BranchName": "main"},
            }
        ]
    }


def test_an_approval_that_asks_says_what_it_asks():
    asks = change("action", "STARTED", "Build", "Ok", asked=True)
    question = {"CustomData": "Ship 1.2?", "ExternalEntityLink": "https://x", "NotificationArn": "arn"}

    [message] = messages(asks, rule("manual-approval-needed"), question=question)

    assert message["attributes"] == {"customData": "Ship 1.2?", "externalEntityLink": "https://x"}


def statuses(told, report=None):
    report = report or Report(outcomes=dict(OUTCOMES))
    return [(one["commit"][:1], one["state"]) for one in commit_messages(subject(), told, report, {})]


def test_a_commit_is_pending_when_it_was_taken_and_ends_with_the_execution():
    assert statuses(change("pipeline", "STARTED"), Report()) == []
    assert statuses(change("action", "SUCCEEDED", "Source", "Take")) == [("a", "PENDING")]
    assert statuses(change("action", "SUCCEEDED", "Build", "Compile")) == []
    assert statuses(change("pipeline", "FAILED")) == [("a", "FAILED")]
    assert statuses(change("pipeline", "RESUMED")) == [("a", "PENDING")]
