"""Cron expressions as windows, the time zones that they are read in, and the rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_codepipeline.actions.base import JobStatus
from airflow_codepipeline.errors import ActionError
from airflow_codepipeline.rules import deployment_window
from airflow_codepipeline.rules.cron import CronError, Window
from airflow_codepipeline.rules.deployment_window import DeploymentWindow
from airflow_codepipeline.rules.time_zones import TimeZoneError, time_zone
from fixtures.attempts import attempt

OPEN = [
    ("0 0 9-17 ? * MON-FRI *", "2026-11-25 09:00"),
    ("0 0 9-17 ? * MON-FRI *", "2026-11-25 17:59"),
    ("* * 9-17 ? * 2-6", "2026-11-25 12:34"),
    ("* */15 * * * ?", "2026-11-25 12:45"),
    ("* 10/20 * * * ?", "2026-11-25 12:50"),
    ("* * 22-6 * * ?", "2026-11-25 03:00"),
    ("* * * ? * FRI-MON", "2026-11-22 00:00"),
    ("* * * L * ?", "2028-02-29 00:00"),
    ("* * * L * ?", "2026-02-28 00:00"),
    ("* * * L-3 * ?", "2026-11-27 00:00"),
    ("* * * LW * ?", "2026-10-30 00:00"),
    ("* * * LW * ?", "2026-01-30 00:00"),
    ("* * * 15W * ?", "2026-08-14 00:00"),
    ("* * * 15W * ?", "2026-11-16 00:00"),
    ("* * * 15W * ?", "2026-12-15 00:00"),
    ("* * * 1W * ?", "2026-08-03 00:00"),
    ("* * * 31W * ?", "2026-05-29 00:00"),
    ("* * * ? * L", "2026-11-28 00:00"),
    ("* * * ? * 6L", "2026-11-27 00:00"),
    ("* * * ? * FRIL", "2026-11-27 00:00"),
    ("* * * ? * 6#3", "2026-11-20 00:00"),
    ("* * * ? * MON#1,WED#4", "2026-11-25 00:00"),
    ("* * * ? jan,Nov wed", "2026-11-25 00:00"),
    ("* * * 1,15-20 * ? 2026-2028", "2027-03-17 00:00"),
    ("* 0-0 12 * * ?", "2026-11-25 12:00"),
]
SHUT = [
    ("0 0 9-17 ? * MON-FRI *", "2026-11-25 18:00"),
    ("0 0 9-17 ? * MON-FRI *", "2026-11-28 12:00"),
    ("* 10/20 * * * ?", "2026-11-25 12:00"),
    ("* * 22-6 * * ?", "2026-11-25 07:00"),
    ("* * * L * ?", "2028-02-28 00:00"),
    ("* * * L-30 * ?", "2026-11-01 00:00"),
    ("* * * LW * ?", "2026-10-31 00:00"),
    ("* * * 15W * ?", "2026-08-15 00:00"),
    ("* * * 1W * ?", "2026-08-01 00:00"),
    ("* * * 31W * ?", "2026-11-30 00:00"),
    ("* * * ? * 6L", "2026-11-20 00:00"),
    ("* * * ? * 6#5", "2026-11-27 00:00"),
    ("* * * 25 * MON", "2026-11-25 00:00"),
    ("* * * * * ? 2025", "2026-11-25 00:00"),
    ("* 0-0 12 * * ?", "2026-11-25 12:01"),
]


@pytest.mark.parametrize(("cron", "instant"), OPEN)
def test_a_window_is_open_in_the_minutes_that_its_expression_names(cron, instant):
    assert Window(cron).holds(datetime.fromisoformat(instant))


@pytest.mark.parametrize(("cron", "instant"), SHUT)
def test_a_window_is_shut_at_other_times(cron, instant):
    assert not Window(cron).holds(datetime.fromisoformat(instant))


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 9 * * 1", "5 fields"),
        ("* 60 * * * ?", "minutes has '60'; it takes 0-59"),
        ("* ? * * * ?", "minutes cannot be '?'"),
        ("* * * * FOO ?", "month has 'FOO'; it takes 1-12 or JAN-DEC"),
        ("* * * ? * 0", "day-of-week has '0'; it takes 1-7 or SUN-SAT"),
        ("* * * 32W * ?", "day-of-month has '32'"),
        ("* */0 * * * ?", "minutes has the step 0"),
        ("* * * ? * MON#6", "day-of-week cannot be 'MON#6'"),
        ("* * * * * ? 1969", "year has '1969'"),
    ],
)
def test_an_expression_that_is_none_says_which_field_is_wrong(cron, said):
    with pytest.raises(CronError) as error:
        Window(cron)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("UTC", 0),
        ("UTC+05:30", 5.5),
        ("UTC-8", -8),
        ("Europe/Berlin", 1),
        ("America/Los_Angeles", -8),
        ("PST", -8),
        ("EST", -5),
        ("CET", 1),
        ("IST", 5.5),
        ("JST", 9),
    ],
)
def test_a_time_zone_is_known_by_any_of_its_names(name, hours):
    winter = datetime(2026, 1, 15, tzinfo=UTC)
    assert winter.astimezone(time_zone(name)).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize("name", ["Europe/Atlantis", "UTC+99:00", "../etc/passwd", "XYZ", "Europe"])
def test_a_time_zone_that_does_not_exist_is_refused(name):
    with pytest.raises(TimeZoneError, match="no time zone"):
        time_zone(name)


def window(scripted, **configuration):
    return DeploymentWindow(on_failure=False), scripted(attempt("Test", "DeploymentWindow", configuration))


def test_the_rule_waits_until_its_window_opens(scripted, monkeypatch):
    morning = datetime(2026, 11, 25, 7, 59, tzinfo=UTC)
    monkeypatch.setattr(deployment_window, "_now", morning.astimezone)
    rule, aws = window(scripted, Cron="0 0 9-17 ? * MON-FRI *", TimeZone="Europe/Berlin")
    job = rule.start(aws)

    before = rule.poll(aws, job)
    monkeypatch.setattr(deployment_window, "_now", (morning + timedelta(minutes=1)).astimezone)

    assert (before, rule.poll(aws, job)) == (JobStatus.RUNNING, JobStatus.SUCCEEDED)
    assert "is open" in rule.outputs(aws, job).summary


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        ({"Cron": "0 9 * * 1"}, "Cron is '0 9 \\* \\* 1': it has 5 fields"),
        ({"Cron": "* * * * * ?", "TimeZone": "Mars/Base"}, "TimeZone: there is no time zone 'Mars/Base'"),
    ],
)
def test_a_window_that_can_never_open_fails_at_once(scripted, configuration, said):
    rule, aws = window(scripted, **configuration)
    with pytest.raises(ActionError, match=said):
        rule.start(aws)
