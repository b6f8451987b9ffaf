"""A definition's schedule as Airflow's: text, timetable or assets."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from airflow_codepipeline.definition.schedules import NOT_CRON, AssetExpression, Schedule
from airflow_codepipeline.errors import CodePipelineError

if TYPE_CHECKING:
    from datetime import tzinfo

    from airflow.sdk import DAG, Asset
    from airflow.sdk.definitions.asset import BaseAsset

    from airflow_codepipeline.definition.extension import PipelineExtension
    from airflow_codepipeline.definition.schedules import AssetName


class TimetableError(CodePipelineError):
    """A timetable of the user's own cannot be made."""


def schedule_of(extension: PipelineExtension) -> Any:
    """Return what a DAG takes as its schedule.

    :raises TimetableError: the definition names a timetable that cannot be made.
    """
    given = extension.schedule
    if not isinstance(given, Schedule):
        return _by_time(given, extension.timezone)
    timetable = _timetable(given) if given.timetable else _by_time(given.cron, extension.timezone)
    if given.assets is None:
        return timetable
    assets = _expression(given.assets)
    if timetable is None:
        return assets
    from airflow.sdk import AssetOrTimeSchedule

    return AssetOrTimeSchedule(assets=assets, timetable=_as_timetable(timetable))


def check_schedule(dag: DAG, extension: PipelineExtension) -> None:
    """Check a DAG's timetable as Airflow does later: there its error would be that of all DAGs of the file.

    :raises Exception: what Airflow, or the timetable of the user's own, raises.
    """
    dag.timetable.validate()
    if isinstance(extension.schedule, Schedule) and extension.schedule.timetable:
        from airflow.serialization.encoders import encode_timetable

        encode_timetable(dag.timetable)


def start_of(extension: PipelineExtension) -> datetime | None:
    """Return the midnight at which the first data interval starts, in the pipeline's time zone."""
    day = extension.start_date
    return datetime(day.year, day.month, day.day, tzinfo=_zone(extension.timezone)) if day else None


def asset_of(given: str | AssetName | AssetExpression) -> Asset:
    """Return an asset as Airflow has it."""
    from airflow.sdk import Asset

    if isinstance(given, str):
        return Asset(given)
    assert given.name is not None
    assert given.uri is not None
    return Asset(name=given.name, uri=given.uri)


def _zone(name: str | None) -> tzinfo:
    return ZoneInfo(name) if name else UTC


def _by_time(text: str | None, zone: str | None) -> Any:
    """Return a cron expression or preset as it is, or as the timetable that keeps to a time zone."""
    return text if text is None or zone is None or text in NOT_CRON else _cron(text, zone)


def _as_timetable(given: Any) -> Any:
    return _cron(given, "UTC") if isinstance(given, str) else given


def _cron(text: str, zone: str) -> Any:
    """Return the timetable that Airflow makes of a cron expression, which its configuration chooses."""
    from airflow.providers.common.compat.sdk import conf
    from airflow.sdk import CronDataIntervalTimetable, CronTriggerTimetable

    if conf.getboolean("scheduler", "create_cron_data_intervals"):
        return CronDataIntervalTimetable(text, timezone=zone)
    return CronTriggerTimetable(text, timezone=zone)


def _timetable(given: Schedule) -> Any:
    assert given.timetable is not None
    module, _, name = given.timetable.rpartition(".")
    try:
        return getattr(import_module(module), name)(**given.arguments)
    # It is the user's code: whatever it raises, the definition is what they can repair.
    except Exception as error:
        raise TimetableError(
            f"airflow.schedule.timetable: {given.timetable} cannot be made of the arguments "
            f"{given.arguments}: {type(error).__name__}: {error}. It must be the import path of a class that "
            "the DAG processor can import, and that a plugin registers in `timetables`."
        ) from error


def _expression(given: str | AssetExpression | tuple[str | AssetExpression, ...]) -> BaseAsset:
    from airflow.sdk import AssetAll, AssetAny

    if isinstance(given, tuple):
        return AssetAll(*map(_expression, given))
    if isinstance(given, AssetExpression):
        if given.any is not None:
            return AssetAny(*map(_expression, given.any))
        if given.all is not None:
            return AssetAll(*map(_expression, given.all))
    return asset_of(given)
