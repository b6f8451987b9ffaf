"""The functions that make texts and lists: Join, Sub, Split, Select, Base64, Length, ToJsonString."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.findings import shown
from airflow_codepipeline.importing.cloudformation import references
from airflow_codepipeline.importing.kinds import FUNCTION, FaultError
from airflow_codepipeline.importing.values import (
    Mapping,
    Sequence,
    Text,
    joined,
    json_text,
    pieces_of,
    unknowns_in,
)

if TYPE_CHECKING:
    from airflow_codepipeline.definition.text import Position
    from airflow_codepipeline.importing.cloudformation.resolver import Resolver

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z0-9_.:]+")


def join(resolver: Resolver, argument: Any, position: Position | None) -> str:
    """`Fn::Join`."""
    delimiter, values = _pair(argument, "Fn::Join wants a delimiter and a list.", position)
    items = resolver.resolve(values, position)
    if not isinstance(delimiter, str) or not isinstance(items, list):
        raise FaultError(FUNCTION, "Fn::Join wants a delimiter and a list.", position)
    parts: list[str] = []
    for index, item in enumerate(items):
        if index:
            parts.append(delimiter)
        parts.append(resolver.text(item, position))
    return joined(parts)


def sub(resolver: Resolver, argument: Any, position: Position | None) -> str:
    """`Fn::Sub`, with and without a mapping of its own names."""
    text, own = argument, Mapping()
    if isinstance(argument, list):
        text, own = _pair(argument, "Fn::Sub wants a text and a mapping.", position)
    if not isinstance(text, str) or not isinstance(own, Mapping):
        raise FaultError(FUNCTION, "Fn::Sub wants a text, or a text and a mapping.", position)
    parts: list[str] = []
    done = 0
    for match in _PLACEHOLDER.finditer(text):
        parts += [text[done : match.start()], _substituted(resolver, match[1], own, position)]
        done = match.end()
    return joined([*parts, text[done:]])


def _substituted(resolver: Resolver, name: str, own: Mapping, position: Position | None) -> str:
    if name.startswith("!"):
        return "${" + name[1:] + "}"
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise FaultError(
            FUNCTION,
            f"Fn::Sub cannot substitute {shown('${' + name + '}')}.",
            position,
            "A name has letters, digits, '_', '.' and ':'; `${!...}` stays as it is.",
        )
    if name in own:
        return resolver.text(own[name], own.place(name))
    if "." in name:
        return resolver.text(references.get_att(resolver, name, position), position)
    return resolver.text(references.ref(resolver, name, position), position)


def split(resolver: Resolver, argument: Any, position: Position | None) -> Sequence:
    """`Fn::Split`: an unknown value stays whole where its assumed value does not hold the delimiter."""
    delimiter, value = _pair(argument, "Fn::Split wants a delimiter and a text.", position)
    if not isinstance(delimiter, str) or not delimiter:
        raise FaultError(FUNCTION, "Fn::Split wants a delimiter and a text.", position)
    items: list[list[str]] = [[]]
    for piece in pieces_of(resolver.text(value, position)):
        whole = piece if isinstance(piece, str) else Text((piece,))
        for index, part in enumerate(_parts(resolver, whole, delimiter)):
            if index:
                items.append([])
            items[-1].append(part)
    made = Sequence(position)
    for item in items:
        made.add(joined(item), position)
    return made


def _parts(resolver: Resolver, whole: str, delimiter: str) -> list[str]:
    parts = whole.split(delimiter)
    if not isinstance(whole, Text) or len(parts) == 1:
        return [whole] if len(parts) == 1 else parts
    (piece,) = whole.unknowns
    assumed = dict(enumerate(piece.assumed.split(delimiter)))
    return [
        resolver.variables.unknown(
            f"{piece.name}_part_{index + 1}",
            was=f"part {index + 1} of {piece.was}, split at '{delimiter}'",
            assumed=assumed.get(index, part),
            source=piece.source,
            secret=piece.secret,
            known=None if piece.known is None else part,
        )
        for index, part in enumerate(parts)
    ]


def select(resolver: Resolver, argument: Any, position: Position | None) -> Any:
    """`Fn::Select`; an index that an unknown list may have is another unknown."""
    index, values = _pair(argument, "Fn::Select wants an index and a list.", position)
    number = resolver.text(index, position)
    items = resolver.resolve(values, position)
    if not number.isascii() or not number.isdigit() or not isinstance(items, list) or len(number) > 6:
        raise FaultError(FUNCTION, "Fn::Select wants an index and a list.", position)
    if int(number) < len(items):
        return items[int(number)]
    assumed = (piece for item in items for piece in unknowns_in(item) if piece.known is None)
    piece = next(assumed, None)
    if piece is None:
        raise FaultError(FUNCTION, f"Fn::Select: the list has no item {number}.", position)
    return resolver.variables.unknown(
        f"{piece.name}_{number}",
        was=f"item {number} of {piece.was}",
        assumed=f"{piece.assumed}-{number}",
        source=piece.source,
        secret=piece.secret,
    )


def base64_of(resolver: Resolver, argument: Any, position: Position | None) -> str:
    """`Fn::Base64`; of a text that is not wholly known, an unknown."""
    text = resolver.text(argument, position)
    if not isinstance(text, Text):
        return base64.b64encode(text.encode()).decode()
    # The text may hold secrets, so neither the comment nor the assumed value is made of all of it.
    (piece, *_) = text.unknowns
    return resolver.variables.unknown(
        f"{piece.name}_base64",
        was=f"Fn::Base64 of {len(text)} characters with {piece.was}",
        assumed=base64.b64encode(piece.assumed.encode()).decode(),
        source=resolver.template.name,
        secret=any(other.secret for other in text.unknowns),
    )


def length(resolver: Resolver, argument: Any, position: Position | None) -> int:
    """`Fn::Length`."""
    items = resolver.resolve(argument, position)
    if not isinstance(items, list):
        raise FaultError(FUNCTION, "Fn::Length wants a list.", position)
    return len(items)


def to_json_string(resolver: Resolver, argument: Any, position: Position | None) -> str:
    """`Fn::ToJsonString`."""
    return json_text(resolver.resolve(argument, position))


def _pair(argument: Any, message: str, position: Position | None) -> tuple[Any, Any]:
    if not isinstance(argument, list) or len(argument) != 2:
        raise FaultError(FUNCTION, message, position)
    return argument[0], argument[1]
