"""The time zones of a DeploymentWindow: a region and city, UTC with an offset, or an abbreviation."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_OFFSET = re.compile(r"(?:UTC|GMT)(?P<sign>[+-])(?P<hours>[0-9]{1,2})(?::?(?P<minutes>[0-5][0-9]))?")

# What Java means by an abbreviation (java.time.ZoneId.SHORT_IDS), and some that people use beside them.
_ABBREVIATIONS = {
    "ACT": "Australia/Darwin",
    "AET": "Australia/Sydney",
    "AGT": "America/Argentina/Buenos_Aires",
    "ART": "Africa/Cairo",
    "AST": "America/Anchorage",
    "BET": "America/Sao_Paulo",
    "BST": "Asia/Dhaka",
    "CAT": "Africa/Harare",
    "CDT": "America/Chicago",
    "CEST": "Europe/Paris",
    "CNT": "America/St_Johns",
    "CST": "America/Chicago",
    "CTT": "Asia/Shanghai",
    "EAT": "Africa/Addis_Ababa",
    "ECT": "Europe/Paris",
    "EDT": "America/New_York",
    "IET": "America/Indiana/Indianapolis",
    "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo",
    "MDT": "America/Denver",
    "MIT": "Pacific/Apia",
    "NET": "Asia/Yerevan",
    "NST": "Pacific/Auckland",
    "PDT": "America/Los_Angeles",
    "PLT": "Asia/Karachi",
    "PNT": "America/Phoenix",
    "PRT": "America/Puerto_Rico",
    "PST": "America/Los_Angeles",
    "SST": "Pacific/Guadalcanal",
    "VST": "Asia/Ho_Chi_Minh",
}
_FIXED = {"EST": -5, "HST": -10, "MST": -7}


class TimeZoneError(ValueError):
    """No time zone is called so."""


def time_zone(name: str) -> tzinfo:
    """Return a time zone by any name that the rule takes.

    :raises TimeZoneError: there is no such time zone.
    """
    if name in {"", "UTC"}:
        return UTC
    if offset := _OFFSET.fullmatch(name):
        ahead = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
        if ahead <= timedelta(hours=18):
            return timezone(ahead if offset["sign"] == "+" else -ahead)
    if name in _FIXED:
        return timezone(timedelta(hours=_FIXED[name]), name)
    try:
        return ZoneInfo(_ABBREVIATIONS.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise TimeZoneError(
            f"there is no time zone {name!r}. Write Region/City (Europe/Berlin), UTC, UTC+02:00 or an "
            "abbreviation such as PST."
        ) from None
