"""`Fn::ForEach` of the language extensions: one template for many keys.

Source: CloudFormation user guide, "Fn::ForEach".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.importing.kinds import FUNCTION, FaultError
from airflow_codepipeline.importing.values import Mapping, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.text import Position
    from airflow_codepipeline.importing.cloudformation.resolver import Resolver

_PREFIX = "Fn::ForEach::"
_NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]")
_MOST_ITEMS = 1_000


def is_loop(key: str) -> bool:
    """Tell whether a key is a loop's."""
    return key.startswith(_PREFIX)


def unrolled(resolver: Resolver, mapping: Mapping) -> Iterator[tuple[str, Any]]:
    """Yield the keys and values of a mapping, those of its loops among them.

    :raises FaultError: a loop is malformed.
    """
    for key, value in mapping.items():
        if is_loop(key):
            yield from _loop(resolver, key, value, mapping.place(key))
        else:
            yield key, value


def unrolled_mapping(resolver: Resolver, mapping: Mapping) -> Mapping:
    """Return a mapping with its own loops unrolled, and what is below it as it was."""
    made = Mapping(mapping.position)
    for key, value in unrolled(resolver, mapping):
        made[key] = value
        made.places[key] = mapping.place(key) or (1, 1)
    return made


def _loop(resolver: Resolver, key: str, value: Any, position: Position | None) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[2], Mapping):
        message = f"{key} wants an identifier, a list and a mapping."
        raise FaultError(FUNCTION, message, position)
    identifier, collection, body = value
    items = resolver.resolve(collection, position)
    if not isinstance(identifier, str) or not isinstance(items, list) or len(items) > _MOST_ITEMS:
        message = f"{key} wants an identifier, a list and a mapping."
        raise FaultError(FUNCTION, message, position)
    for item in items:
        replacement = resolver.text(item, position)
        yield from unrolled(resolver, _replaced(body, identifier, replacement))


def _replaced(value: Any, identifier: str, replacement: str) -> Any:
    """Return a value with `${Identifier}`, `&{Identifier}` and `Ref` of it replaced."""
    if isinstance(value, str):
        return _replaced_text(value, identifier, replacement)
    if isinstance(value, Sequence):
        items = Sequence(value.position)
        for index, item in enumerate(value):
            items.add(_replaced(item, identifier, replacement), value.place(index))
        return items
    if not isinstance(value, Mapping):
        return value
    if dict(value) == {"Ref": identifier}:
        return replacement
    made = Mapping(value.position)
    for key, item in value.items():
        replaced = _replaced_text(key, identifier, replacement)
        made[replaced] = _replaced(item, identifier, replacement)
        made.places[replaced] = value.place(key) or (1, 1)
    return made


def _replaced_text(text: str, identifier: str, replacement: str) -> str:
    alphanumeric = _NOT_ALPHANUMERIC.sub("", replacement)
    return text.replace(f"${{{identifier}}}", replacement).replace(f"&{{{identifier}}}", alphanumeric)
