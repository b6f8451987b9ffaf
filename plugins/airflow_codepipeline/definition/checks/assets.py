"""Every asset that a pipeline waits for or updates, looked up once for the checks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.schedules import AssetExpression, Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path
    from airflow_codepipeline.definition.schedules import AssetName

    PlacedAsset = tuple[str | AssetName | AssetExpression, Path]


def expressions(survey: Survey) -> Iterator[tuple[AssetExpression | tuple[str | AssetExpression, ...], Path]]:
    """Yield each list of assets and each mapping in the schedule, with the place."""
    schedule = survey.pipeline.airflow.schedule
    if isinstance(schedule, Schedule) and schedule.assets is not None:
        yield from _below(schedule.assets, ("airflow", "schedule", "assets"))


def awaited(survey: Survey) -> Iterator[PlacedAsset]:
    """Yield the assets whose updates start the pipeline, with the place."""
    for expression, path in expressions(survey):
        items = expression if isinstance(expression, tuple) else ()
        yield from ((item, (*path, index)) for index, item in enumerate(items) if isinstance(item, str))
        if isinstance(expression, AssetExpression) and expression.name is not None:
            yield expression, path


def updated(survey: Survey) -> Iterator[PlacedAsset]:
    """Yield the assets that stages update, with the place."""
    for index, stage in enumerate(survey.pipeline.stages):
        for number, outlet in enumerate(stage.airflow.outlets):
            yield outlet, ("stages", index, "airflow", "outlets", number)


def name_of(asset: str | AssetName | AssetExpression) -> str:
    """Return the name of an asset."""
    return asset if isinstance(asset, str) else asset.name or ""


def _below(
    given: AssetExpression | tuple[str | AssetExpression, ...], path: Path
) -> Iterator[tuple[AssetExpression | tuple[str | AssetExpression, ...], Path]]:
    yield given, path
    if isinstance(given, tuple):
        for index, item in enumerate(given):
            if isinstance(item, AssetExpression):
                yield from _below(item, (*path, index))
        return
    for key, items in (("any", given.any), ("all", given.all)):
        if items is not None:
            yield from _below(items, (*path, key))
