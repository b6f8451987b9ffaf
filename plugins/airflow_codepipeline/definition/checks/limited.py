"""Every value of a declaration that the API's shapes limit."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import fields

from airflow_codepipeline.definition.limits import LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.findings import Path
    from airflow_codepipeline.definition.limits import Limit

_SCALARS = frozenset({str, int, float, bool, type(None)})


@cache
def _plan(model: type[Struct]) -> tuple[tuple[str, str, Any, Limit | None], ...]:
    limits = LIMITS.get(model, {})
    return tuple(
        (field.name, field.encode_name, field.default, limits.get(field.name)) for field in fields(model)
    )


def limited(value: Struct, path: Path = ()) -> Iterator[tuple[Path, Any, Limit]]:
    """Yield the path, the value and the limit of every limited value that is not the default."""
    for name, key, default, limit in _plan(type(value)):
        item = getattr(value, name)
        if item is None or item is default:
            continue
        if limit is not None:
            yield (*path, key), item, limit
        if type(item) not in _SCALARS:
            yield from _below(item, (*path, key))


def _below(value: Any, path: Path) -> Iterator[tuple[Path, Any, Limit]]:
    if isinstance(value, Struct):
        yield from limited(value, path)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            if isinstance(item, Struct):
                yield from limited(item, (*path, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, Struct):
                yield from limited(item, (*path, key))
