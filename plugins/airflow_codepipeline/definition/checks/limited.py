"""Every value of a declaration that the API's shapes limit."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args, get_origin

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


class _Field(NamedTuple):
    """A field that is limited, or that has limited values below.

    :param holds: the model below it is the value itself, or each item of a list or value of a map.
    """

    name: str
    key: str
    default: Any
    limit: Limit | None
    holds: Literal["nothing", "one", "many"]


@cache
def _plan(model: type[Struct]) -> tuple[_Field, ...]:
    """Return the fields to look at. Every parse walks here: what is known of the types is found once."""
    limits = LIMITS.get(model, {})
    plan = (
        _Field(field.name, field.encode_name, field.default, limits.get(field.name), _holds(field.type))
        for field in fields(model)
    )
    return tuple(field for field in plan if field.limit is not None or field.holds != "nothing")


def _holds(kind: Any) -> Literal["nothing", "one", "many"]:
    models = [item for item in (kind, *get_args(kind)) if isinstance(item, type) and issubclass(item, Struct)]
    if not models:
        return "nothing"
    if get_origin(kind) in (tuple, dict):
        return "many"
    # A schedule is a text or a model: what has several forms is none of the API's shapes.
    return "nothing" if str in get_args(kind) else "one"


def _collect(value: Struct, path: Path, found: list[Limited]) -> None:
    for name, key, default, limit, holds in _plan(type(value)):
        item = getattr(value, name)
        if item is default or item is None:
            continue
        if limit is not None:
            found.append(((*path, key), item, limit))
        if holds == "one":
            _collect(item, (*path, key), found)
        elif holds == "many":
            for index, inner in item.items() if isinstance(item, dict) else enumerate(item):
                _collect(inner, (*path, key, index), found)
