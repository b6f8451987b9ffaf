from __future__ import annotations

import pytest
from croniter import croniter


@pytest.mark.parametrize(
    ("schedule", "good"),
    [
        ("0 6 * * MON-FRI", True),
        ("*/15 0,12 1-5 JAN-MAR *", True),
        ("0 0 L * *", True),
        ("0 0 * * MON#2", True),
        ("0 0 * * L5", True),
        ("0 0 1 1 * 30", True),
        ("60 * * * *", False),
        ("* 24 * * *", False),
        ("* * 0 * *", False),
        ("* * * 13 *", False),
        ("* * * * 8", False),
        ("* * * *", False),
        ("* * * * * * * *", False),
        ("0-- * * * *", False),
        ("", False),
        ("9" * 5000 + " * * * *", False),
        ("every morning at six please", False),
    ],
)
def test_a_schedule_is_what_airflow_understands(schedule, good, web_shop, examined):
    web_shop["airflow"]["schedule"] = schedule

    assert ([finding.id for finding in examined(web_shop).findings] == []) is good
    assert croniter.is_valid(schedule) is good


@pytest.mark.parametrize("schedule", [None, "@daily", "@once", "@continuous"])
def test_presets_are_schedules(schedule, web_shop, examined):
    web_shop["airflow"]["schedule"] = schedule

    assert examined(web_shop).findings == ()


@pytest.mark.parametrize(
    "schedule",
    [
        {"assets": ["s3://lake/orders", "prices"]},
        {"assets": {"any": ["orders", {"all": ["prices", {"name": "stocks", "uri": "s3://lake/stocks"}]}]}},
        {"assets": {"name": "orders", "uri": "s3://lake/orders"}},
        {"assets": ["orders"], "cron": "0 6 * * *"},
        {"timetable": "company.calendar.TradingDays", "arguments": {"country": "DE", "closed": [1, 2]}},
    ],
)
def test_assets_and_timetables_are_schedules(schedule, web_shop, examined):
    web_shop["airflow"] |= {"schedule": schedule, "timezone": "Europe/Berlin"}

    assert examined(web_shop).findings == ()


@pytest.mark.parametrize(
    ("schedule", "path", "message", "suggestion"),
    [
        (["orders"], "airflow.schedule", "Expected a text or a mapping, found a list.", ""),
        (
            {"assets": "orders"},
            "airflow.schedule.assets",
            "Expected a list or a mapping, found 'orders'.",
            "",
        ),
        (
            {"assets": {"any": "orders"}},
            "airflow.schedule.assets.any",
            "Expected a list, found 'orders'.",
            "Start it with '- ' (YAML) or put it in [ ].",
        ),
        (
            {"asset": ["orders"]},
            "airflow.schedule.asset",
            "Unknown key 'asset'.",
            "Did you mean 'assets'?",
        ),
        (
            {"assets": {"anny": ["orders"]}},
            "airflow.schedule.assets.anny",
            "Unknown key 'anny'.",
            "Did you mean 'any'?",
        ),
    ],
)
def test_a_schedule_of_the_wrong_shape_is_answered_with_the_right_one(
    schedule, path, message, suggestion, web_shop, examined
):
    web_shop["airflow"]["schedule"] = schedule

    finding = examined(web_shop).findings[0]

    assert (finding.path, finding.message, finding.suggestion) == (path, message, suggestion)


@pytest.mark.parametrize(
    ("key", "value", "suggestion"),
    [
        ("timezone", "Europe/Berln", "Did you mean 'Europe/Berlin'?"),
        ("schedule", "@dayly", "Did you mean @daily?"),
    ],
)
def test_a_misspelled_name_is_answered_with_the_nearest(key, value, suggestion, web_shop, examined):
    web_shop["airflow"][key] = value

    assert [finding.suggestion for finding in examined(web_shop).findings] == [suggestion]


def test_an_outlet_that_is_no_asset_is_refused(web_shop, examined):
    web_shop["stages"][2]["airflow"] = {"outlets": [["shop"]], "outlet": ["shop"]}

    assert [(finding.path, finding.message) for finding in examined(web_shop).findings] == [
        ("stages[2].airflow.outlets[0]", "Expected a text or a mapping, found a list."),
        ("stages[2].airflow.outlet", "Unknown key 'outlet'."),
    ]
