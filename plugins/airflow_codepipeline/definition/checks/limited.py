"""Every value of a declaration that the API's shapes limit."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from msgspec import Struct
from msgspec.structs import fields

from airflow_codepipeline.definition.limits import LIMITS

if TYPE_CHECKING:
    from airflow_codepipeline.definition.findings import Path
    from airflow_codepipeline.definition.limits import Limit

Limited = tuple["Path", Any, "Limit"]


def limited(value: Struct) -> list[Limited]:
    """Return the path, the value and the limit of every limited value that is not the default."""
    found: list[Limited] = []
    _collect(value, (), found)
    return found


@cache
def _plan(model: type[Struct]) -> tuple[tuple[str, str, Any, Limit | None], ...]:
    """Return the fields that are limited or have limited values below: every check of a parse walks here."""
    limits = LIMITS.get(model, {})
    return tuple(
        (field.name, field.encode_name, field.default, limits.get(field.name))
        for field in fields(model)
        if field.name in limits or _has_structs(field.type)
    )


def _has_structs(kind: Any) -> bool:
    if isinstance(kind, type) and issubclass(kind, Struct):
        return True
    return any(_has_structs(argument) for argument in get_args(kind))


def _collect(value: Struct, path: Path, found: list[Limited]) -> None:
    for name, key, default, limit in _plan(type(value)):
        item = getattr(value, name)
        if item is None or item is default:
            continue
        if limit is not None:
            found.append(((*path, key), item, limit))
        if isinstance(item, Struct):
            _collect(item, (*path, key), found)
        elif isinstance(item, tuple | dict):
            for index, inner in enumerate(item) if isinstance(item, tuple) else item.items():
                if isinstance(inner, Struct):
                    _collect(inner, (*path, key, index), found)
