"""The states of an alarm, and what they mean for a rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_codepipeline.actions.base import JobStatus
from airflow_codepipeline.errors import ActionError
from airflow_codepipeline.rules.cloudwatch_alarm import CloudWatchAlarm
from fixtures.attempts import attempt

ARN = "arn:aws:cloudwatch:eu-west-1:000000000000:alarm:errors"


def started(scripted, *states, on_failure=False, **configuration):
    """A rule whose alarm is in these states, look by look."""
    context = attempt("Test", "CloudWatchAlarm", {"AlarmName": "errors"} | configuration)
    rule, aws = CloudWatchAlarm(on_failure=on_failure), scripted(context)
    for state in ("OK", *states):
        alarm = {"AlarmName": "errors", "AlarmArn": ARN, "StateValue": state, "StateReason": "3 errors."}
        aws.script("cloudwatch").add_response("describe_alarms", {"MetricAlarms": [alarm]})
    return rule, aws, rule.start(aws)


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_an_alarm_that_is_quiet_succeeds_at_once(scripted, state):
    rule, aws, job = started(scripted, state)
    assert rule.poll(aws, job) is JobStatus.SUCCEEDED
    assert job.external_execution_id == ARN
    assert "alarmsV2:alarm/errors" in job.external_execution_url
    assert "OK" in rule.outputs(aws, job).summary


def test_an_alarm_that_rings_fails_with_its_reason(scripted):
    rule, aws, job = started(scripted, "ALARM")
    with pytest.raises(ActionError, match=r"in state ALARM, not INSUFFICIENT_DATA or OK: 3 errors\."):
        rule.poll(aws, job)


def test_it_has_the_wait_time_to_become_quiet(scripted):
    rule, aws, job = started(scripted, "ALARM", "OK", WaitTime="20")
    assert rule.poll(aws, job) is JobStatus.RUNNING
    assert rule.poll(aws, job) is JobStatus.SUCCEEDED
    left = datetime.fromisoformat(job.data["until"]) - datetime.now(UTC)
    assert timedelta(minutes=19) < left <= timedelta(minutes=20)


def test_on_failure_an_alarm_that_rings_is_what_counts(scripted):
    rule, aws, job = started(scripted, "ALARM", "OK", on_failure=True)
    assert rule.poll(aws, job) is JobStatus.SUCCEEDED
    with pytest.raises(ActionError, match="in state OK, not ALARM"):
        rule.poll(aws, job)


def test_the_wanted_states_may_be_named(scripted):
    rule, aws, job = started(scripted, "OK", "INSUFFICIENT_DATA", AlarmStates="OK, ALARM")
    assert rule.poll(aws, job) is JobStatus.SUCCEEDED
    with pytest.raises(ActionError, match="not ALARM or OK"):
        rule.poll(aws, job)


def test_an_alarm_that_does_not_exist_is_a_configuration_error(scripted):
    aws = scripted(attempt("Test", "CloudWatchAlarm", {"AlarmName": "errors"}))
    aws.script("cloudwatch").add_response("describe_alarms", {"MetricAlarms": []})
    with pytest.raises(ActionError, match=r"ConfigurationError.*no alarm 'errors' in eu-west-1"):
        CloudWatchAlarm(on_failure=False).start(aws)


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ({"WaitTime": "soon"}, "WaitTime is 'soon'"),
        ({"AlarmStates": "OK,RINGING"}, "AlarmStates has 'RINGING'"),
    ],
)
def test_settings_that_cannot_work_are_refused(scripted, configuration, said):
    aws = scripted(attempt("Test", "CloudWatchAlarm", {"AlarmName": "errors"} | configuration))
    if "AlarmStates" in configuration:
        alarm = {"AlarmName": "errors", "AlarmArn": ARN, "StateValue": "OK"}
        aws.script("cloudwatch").add_response("describe_alarms", {"MetricAlarms": [alarm]})
    with pytest.raises(ActionError, match=said):
        CloudWatchAlarm(on_failure=False).start(aws)
