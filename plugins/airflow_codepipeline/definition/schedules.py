"""When Airflow starts a pipeline by itself: by time, by assets, or by both; and how assets are named.

The words are Airflow's: a schedule by assets is what a data team writes as `schedule=[Asset("orders")]` or
`schedule=Asset("orders") | Asset("prices")`.
"""

from __future__ import annotations

from typing import Any

import msgspec

NOT_CRON = frozenset({"@once", "@continuous"})
"""Airflow's presets that are no times of a calendar."""


class Extension(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all levels of `airflow:` share: names as Airflow spells them."""


class AssetName(Extension, frozen=True, kw_only=True):
    """An asset whose name is not its URI: what a data team writes as `Asset(name="…", uri="…")`."""

    name: str
    uri: str


class AssetExpression(Extension, frozen=True, kw_only=True):
    """Assets that belong together; or, with `name` and `uri`, one asset: an `AssetName`.

    :param any: it is enough that one of them was updated: Airflow's `|`.
    :param all: each of them must have been updated: Airflow's `&`.
    """

    any: tuple[str | AssetExpression, ...] | None = None
    all: tuple[str | AssetExpression, ...] | None = None
    name: str | None = None
    uri: str | None = None


class Schedule(Extension, frozen=True, kw_only=True):
    """A schedule that one text cannot say.

    :param cron: a cron expression or a preset, beside assets: whichever comes first.
    :param timetable: the import path of a timetable of the user's own, such as `calendar.TradingDays`, which
        a plugin of theirs has registered with Airflow.
    :param arguments: what the timetable is made of, by name.
    :param assets: the assets whose updates start the pipeline; of a list all must have been updated.
    """

    cron: str | None = None
    timetable: str | None = None
    arguments: dict[str, Any] = {}
    assets: tuple[str | AssetExpression, ...] | AssetExpression | None = None

    def __str__(self) -> str:
        parts = [self.cron or self.timetable, None if self.assets is None else _told(self.assets)]
        return " or ".join(part for part in parts if part)


def _told(given: str | AssetExpression | tuple[str | AssetExpression, ...], *, joint: str = " & ") -> str:
    """Return assets as Airflow's own syntax has them."""
    if isinstance(given, str):
        return given
    if isinstance(given, tuple):
        told = joint.join(map(_told, given))
        return f"({told})" if len(given) > 1 else told
    if given.any is not None:
        return _told(given.any, joint=" | ")
    return given.name or "" if given.all is None else _told(given.all)
