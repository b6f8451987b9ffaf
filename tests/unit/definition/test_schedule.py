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
