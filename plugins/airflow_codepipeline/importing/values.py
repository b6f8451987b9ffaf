"""The values of a foreign file: with their places, and with what is not known of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow_codepipeline.definition.text import Position


class Mapping(dict[str, Any]):
    """A mapping that knows where it stands in its file, and where its keys do."""

    def __init__(self, position: Position | None = None) -> None:
        super().__init__()
        self.position = position
        self.places: dict[str, Position] = {}

    def __deepcopy__(self, _memo: object) -> Mapping:
        return self

    def place(self, key: str) -> Position | None:
        """Return where the value of a key stands."""
        return self.places.get(key, self.position)


class Sequence(list[Any]):
    """A list that knows where it stands in its file, and where its items do."""

    def __init__(self, position: Position | None = None) -> None:
        super().__init__()
        self.position = position
        self.places: list[Position | None] = []

    def add(self, item: Any, position: Position | None) -> None:
        """Append an item that stands at `position`."""
        self.append(item)
        self.places.append(position)

    def place(self, index: int) -> Position | None:
        """Return where an item stands."""
        return self.places[index] if index < len(self.places) else self.position


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that only a deployed stack knows; it becomes a Jinja2 variable.

    :param name: the variable's name.
    :param was: what stood in the file, as people write it, such as `!GetAtt Role.Arn`.
    :param assumed: a value of the right form, so that the definition can be read before anybody fills it in.
    :param secret: whether the real value must not be written to a file.
    :param source: the file whose stack knows it; empty where every stack of an account and region agrees.
    :param known: what the stack says it is; none where nobody has asked it, or it does not say.
    """

    name: str
    was: str
    assumed: str
    secret: bool = False
    source: str = ""
    known: str | None = None

    @property
    def value(self) -> str:
        """What stands in the variables file: what is known, or else what is assumed."""
        return self.assumed if self.known is None else self.known


Piece = str | Unknown


class Text(str):
    """A text of which a part is unknown. As a text it is what it is with the values of its unknowns."""

    __slots__ = ("pieces",)
    pieces: tuple[Piece, ...]

    def __new__(cls, pieces: tuple[Piece, ...]) -> Text:
        """Make the text of its pieces."""
        text = "".join(piece if isinstance(piece, str) else piece.value for piece in pieces)
        made = super().__new__(cls, text)
        made.pieces = pieces
        return made

    @property
    def unknowns(self) -> tuple[Unknown, ...]:
        """The unknown pieces, in order."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Unknown))

    @property
    def is_known(self) -> bool:
        """Whether a deployed stack has said all of it."""
        return all(piece.known is not None for piece in self.unknowns)


def unknown(**fields: Any) -> Text:
    """Return a text that is one unknown value."""
    return Text((Unknown(**fields),))


def is_certain(value: str) -> bool:
    """Tell whether nothing of a text is assumed."""
    return not isinstance(value, Text) or value.is_known


def pieces_of(value: str) -> tuple[Piece, ...]:
    """Return the pieces of a text."""
    return value.pieces if isinstance(value, Text) else (value,)


def joined(values: Iterable[str]) -> str:
    """Return texts as one; plain where nothing of it is unknown."""
    merged: list[Piece] = []
    for piece in (piece for value in values for piece in pieces_of(value)):
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif piece != "":
            merged.append(piece)
    if all(isinstance(piece, str) for piece in merged):
        return "".join(str(piece) for piece in merged)
    return Text(tuple(merged))


def part_of(value: str, start: int, end: int) -> str:
    """Return the part of a text between two places; an unknown that is cut is known to be its value."""
    parts: list[str] = []
    done = 0
    for piece in pieces_of(value):
        text = piece if isinstance(piece, str) else piece.value
        cut = text[max(start - done, 0) : max(end - done, 0)]
        parts.append(Text((piece,)) if isinstance(piece, Unknown) and cut == text else cut)
        done += len(text)
    return joined(parts)


def scalar_text(value: Any) -> str:
    """Return a scalar as CloudFormation writes it into a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def json_text(value: Any) -> str:
    """Return a value as JSON without needless space, what is unknown left unknown."""
    return joined(_json_pieces(value))


def _json_pieces(value: Any) -> Iterator[str]:
    if isinstance(value, Text):
        yield '"'
        for piece in value.pieces:
            yield json.dumps(piece)[1:-1] if isinstance(piece, str) else Text((piece,))
        yield '"'
    elif isinstance(value, dict):
        for index, (key, item) in enumerate(value.items()):
            yield ("," if index else "{") + json.dumps(key) + ":"
            yield from _json_pieces(item)
        yield "}" if value else "{}"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield "," if index else "["
            yield from _json_pieces(item)
        yield "]" if value else "[]"
    else:
        yield json.dumps(value)


def placed_items(value: Mapping | Sequence) -> Iterator[tuple[str | int, Any, Position | None]]:
    """Yield the keys, the values and the places of what a mapping or list holds."""
    if isinstance(value, Mapping):
        yield from ((key, item, value.place(key)) for key, item in value.items())
    else:
        yield from ((index, item, value.place(index)) for index, item in enumerate(value))


def unknowns_in(value: Any) -> Iterator[Unknown]:
    """Yield every unknown of a value, in order."""
    if isinstance(value, Text):
        yield from value.unknowns
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from unknowns_in(key)
            yield from unknowns_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from unknowns_in(item)
