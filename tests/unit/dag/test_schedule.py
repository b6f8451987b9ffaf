"""What a definition's `airflow:` says of time and assets, as Airflow's own objects."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest
from airflow.sdk import (
    AssetAll,
    AssetAny,
    AssetOrTimeSchedule,
    CronDataIntervalTimetable,
    CronTriggerTimetable,
)
from airflow.sdk.definitions.asset import BaseAsset
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction

from airflow_codepipeline.dag.factory import build_dag
from airflow_codepipeline.dag.schedule import TimetableError, schedule_of
from airflow_codepipeline.definition.extension import PipelineExtension
from unit.dag.kit import web_shop


def extension(**given):
    return msgspec.convert(given, PipelineExtension)


def dag_of(**given):
    return build_dag(msgspec.structs.replace(web_shop(), airflow=extension(**given)))


def fires(dag, after):
    """Return when Airflow's scheduler starts the DAG for the first time after a moment."""
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    restriction = TimeRestriction(earliest=after, latest=None, catchup=True)
    return timetable.next_dagrun_info(last_automated_data_interval=None, restriction=restriction).run_after


def told(expression):
    if isinstance(expression, AssetAny | AssetAll):
        sign = " | " if isinstance(expression, AssetAny) else " & "
        return f"({sign.join(told(item) for item in expression.objects)})"
    return expression.name if expression.name == expression.uri else f"{expression.name}={expression.uri}"


@pytest.mark.parametrize(
    ("day", "utc_hour"), [("2026-01-15", 5), ("2026-07-15", 4)], ids=["winter", "summer"]
)
def test_a_cron_expression_keeps_to_the_time_zones_clock(day, utc_hour):
    dag = dag_of(schedule="0 6 * * *", timezone="Europe/Berlin")
    midnight = datetime.fromisoformat(f"{day}T00:00+00:00")

    assert fires(dag, midnight) == midnight.replace(hour=utc_hour)


def test_a_preset_keeps_to_the_time_zones_clock():
    dag = dag_of(schedule="@daily", timezone="Europe/Berlin")

    assert fires(dag, datetime(2026, 1, 15, 1, tzinfo=UTC)) == datetime(2026, 1, 15, 23, tzinfo=UTC)


def test_without_a_time_zone_the_clock_is_utc():
    dag = dag_of(schedule="0 6 * * *")

    assert fires(dag, datetime(2026, 1, 15, tzinfo=UTC)) == datetime(2026, 1, 15, 6, tzinfo=UTC)


def test_the_first_day_begins_at_the_time_zones_midnight():
    dag = dag_of(schedule="@daily", timezone="Europe/Berlin", start_date=date(2026, 7, 1))

    assert dag.start_date == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert dag.timezone.name == "Europe/Berlin"


@pytest.mark.parametrize(
    ("setting", "kind"), [("False", CronTriggerTimetable), ("True", CronDataIntervalTimetable)]
)
def test_airflows_configuration_chooses_the_timetable_as_without_a_time_zone(setting, kind, monkeypatch):
    monkeypatch.setenv("AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS", setting)

    assert isinstance(schedule_of(extension(schedule="@daily", timezone="Europe/Berlin")), kind)


@pytest.mark.parametrize("preset", ["@once", "@continuous"])
def test_a_preset_that_is_no_time_of_a_calendar_has_no_time_zone(preset):
    assert schedule_of(extension(schedule=preset, timezone="Europe/Berlin")) == preset


@pytest.mark.parametrize(
    ("assets", "expected"),
    [
        (["orders"], "(orders)"),
        (["s3://lake/orders", "prices"], "(s3://lake/orders & prices)"),
        ({"any": ["orders", "prices"]}, "(orders | prices)"),
        ({"any": ["orders", {"all": ["prices", "stocks"]}]}, "(orders | (prices & stocks))"),
        ({"all": [{"any": ["a", "b"]}, {"any": ["c", "d"]}]}, "((a | b) & (c | d))"),
        ([{"name": "orders", "uri": "s3://lake/orders"}], "(orders=s3://lake/orders)"),
        ({"name": "orders", "uri": "s3://lake/orders"}, "orders=s3://lake/orders"),
    ],
)
def test_assets_become_airflows_expressions(assets, expected):
    schedule = schedule_of(extension(schedule={"assets": assets}))

    assert isinstance(schedule, BaseAsset)
    assert told(schedule) == expected


def test_a_pipeline_of_assets_is_a_dag_that_airflow_can_store():
    stored = DagSerialization.from_dict(
        DagSerialization.to_dict(dag_of(schedule={"assets": ["orders", "prices"]}))
    )

    assert [key.name for key, _ in stored.timetable.asset_condition.iter_assets()] == ["orders", "prices"]


def test_beside_assets_a_pipeline_may_start_by_time():
    dag = dag_of(schedule={"assets": {"any": ["a", "b"]}, "cron": "0 6 * * *"}, timezone="Europe/Berlin")

    assert isinstance(dag.timetable, AssetOrTimeSchedule)
    assert fires(dag, datetime(2026, 1, 15, tzinfo=UTC)) == datetime(2026, 1, 15, 5, tzinfo=UTC)


def test_a_timetable_of_the_users_own_is_made_of_its_arguments():
    given = {
        "timetable": "airflow.timetables.trigger.CronTriggerTimetable",
        "arguments": {"cron": "0 6 * * *", "timezone": "Asia/Tokyo"},
    }

    dag = dag_of(schedule=given)

    assert fires(dag, datetime(2026, 1, 15, tzinfo=UTC)) == datetime(2026, 1, 15, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timetable", "arguments", "reason"),
    [
        ("no_such_module.Days", {}, "ModuleNotFoundError: No module named 'no_such_module'"),
        ("airflow.sdk.NoSuchTimetable", {}, "AttributeError"),
        ("airflow.sdk.CronTriggerTimetable", {"corn": "@daily"}, "unexpected keyword argument 'corn'"),
    ],
)
def test_a_timetable_that_cannot_be_made_says_why_and_what_is_wanted(timetable, arguments, reason):
    with pytest.raises(TimetableError, match=reason) as raised:
        schedule_of(extension(schedule={"timetable": timetable, "arguments": arguments}))

    assert "airflow.schedule.timetable" in str(raised.value)
    assert "`timetables`" in str(raised.value)


def test_where_a_timetable_bounds_the_executions_the_dag_says_so():
    given = {"timetable": "airflow.sdk.definitions.timetables.simple.ContinuousTimetable"}

    assert dag_of(schedule=given).max_active_runs == 1
    assert dag_of(schedule={"assets": ["orders"]}).max_active_runs == 50


def test_the_time_zone_is_that_of_the_start_even_without_a_schedule():
    start = dag_of(timezone="Asia/Tokyo", start_date=date(2026, 1, 1)).start_date

    assert start == datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))
