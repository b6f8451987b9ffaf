"""Secrets never reach a written file: a variable stands in the place of each."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.action_types.catalogue import action_types
from airflow_codepipeline.importing.kinds import SECRET
from airflow_codepipeline.importing.values import (
    Mapping,
    Sequence,
    Text,
    joined,
    json_text,
    pieces_of,
    unknowns_in,
)
from airflow_codepipeline.importing.variables import SECRET_VALUE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from airflow_codepipeline.definition.findings import Problem
    from airflow_codepipeline.definition.text import Position
    from airflow_codepipeline.importing.values import Piece
    from airflow_codepipeline.importing.variables import Variables

_SECRET_NAME = re.compile(
    r"(token|password|passwd|passphrase|secret|api_?key|private_?key|access_?key|credentials?)$",
    re.IGNORECASE,
)
_TOKEN = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16})\b|(?<=://)[^/\s:@]+:[^/\s:@]+(?=@)"
)
_REFERENCES = ("{{resolve:", "#{", "arn:", "${", "$(")
MASK = "****"
"""What AWS prints in the place of a secret."""

# Of Unicode's private use: no text of a template has it.
_MARK = "\ue000"
_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"(?P<colon>\s*:)?')
_CONTAINERS = ("EnvironmentVariables", "UserParameters", "ParameterOverrides", "Input")


def custom_secret_keys(custom_types: Iterable[Mapping]) -> frozenset[str]:
    """Return the configuration keys that custom action types of the same import call secret."""
    listed = (declared.get("configurationProperties") for declared in custom_types)
    properties = (item for items in listed if isinstance(items, list) for item in items)
    return frozenset(
        str(item.get("name"))
        for item in properties
        if isinstance(item, Mapping) and str(item.get("secret", "")).lower() == "true"
    )


def looks_secret(name: str, value: str) -> bool:
    """Tell whether a value that AWS printed is a secret, by what it is called or what it looks like."""
    return _TOKEN.search(value) is not None or (
        _SECRET_NAME.search(name) is not None and not any(sign in value for sign in _REFERENCES)
    )


class Secrets:
    """Takes the secrets out of the values of one file.

    :param replacement: makes what stands in the place of a secret, of words that say which one it is.
    :param more_keys: configuration keys that are secret beside those of the catalogue.
    """

    def __init__(self, replacement: Callable[[str], str], more_keys: frozenset[str] = frozenset()) -> None:
        self.problems: list[Problem] = []
        self._replacement = replacement
        known = (key for action_type in action_types() for key in action_type.secret_keys)
        self._keys = frozenset(known) | more_keys

    def take_out(self, value: Any, owner: str = "") -> None:
        """Replace the secrets in a value by variables, in place.

        :param owner: the name of the stage, action or entry that the value belongs to.
        """
        if isinstance(value, Mapping):
            owner = str(value.get("name", owner))
            for key, item in value.items():
                # An environment variable is a mapping of its name and its value.
                named = owner if key in ("value", "defaultValue") else key
                value[key] = self._taken_out(item, named, owner, value.place(key))
        elif isinstance(value, Sequence):
            for index, item in enumerate(value):
                value[index] = self._taken_out(item, "", owner, value.place(index))

    def _taken_out(self, item: Any, key: str, owner: str, position: Position | None) -> Any:
        if not isinstance(item, str):
            self.take_out(item, owner)
            return item
        if isinstance(item, Text) and (key in self._keys or _says_secret(key, item)):
            return as_secret(item)
        if self._is_secret(item, key):
            label = f"{owner} {key}" if key != owner else key
            return self._variable(label, key, position, masked=item == MASK)
        if key in _CONTAINERS:
            item = self._inside_json(item, owner, position)
        return self._without_tokens(item, f"{owner} {key}", position)

    def _is_secret(self, item: str, key: str) -> bool:
        if isinstance(item, Text) or not item or any(sign in item for sign in _REFERENCES):
            return False
        return key in self._keys or _SECRET_NAME.search(key) is not None

    def _variable(self, label: str, key: str, position: Position | None, *, masked: bool = False) -> str:
        stood = "masked" if masked else "as plain text"
        message = f"The secret '{key}' stood in the file {stood}: a variable stands in its place."
        self.problems.append(SECRET.problem(message, suggestion=SECRET.right, position=position))
        return self._replacement(label.strip())

    def _inside_json(self, item: str, owner: str, position: Position | None) -> str:
        """Return a JSON text without the secrets in it; as it was where there are none, or it is no JSON."""
        try:
            data = editable(_json_values(item))
        except (ValueError, RecursionError):
            return item
        before, known = len(self.problems), _secrets_of(data)
        self.take_out(data, owner)
        for problem in range(before, len(self.problems)):
            self.problems[problem] = replace(self.problems[problem], position=position)
        return _respelled(item, data) if len(self.problems) > before or _secrets_of(data) != known else item

    def _without_tokens(self, item: str, label: str, position: Position | None) -> str:
        """Return a text without what looks like the tokens of well known services."""
        parts: list[str] = []
        for piece in pieces_of(item):
            if not isinstance(piece, str):
                parts.append(Text((piece,)))
                continue
            done = 0
            for match in _TOKEN.finditer(piece):
                parts += [piece[done : match.start()], self._variable(label, "token", position)]
                done = match.end()
            parts.append(piece[done:])
        return joined(parts) if len(parts) > 1 else item


def _json_values(item: str) -> Any:
    """Return the values of a JSON text.

    :raises ValueError: it is no JSON, or something unknown stands elsewhere than in the text of a value.
    """
    if _MARK in item or "\\ue000" in item.lower():
        raise ValueError(item)
    return _unmarked(json.loads(_marked(item)), pieces_of(item))


def _marked(item: str) -> str:
    pieces = enumerate(pieces_of(item))
    return "".join(piece if isinstance(piece, str) else f"{_MARK}{index}{_MARK}" for index, piece in pieces)


def _respelled(item: str, data: Any) -> str:
    """Return a JSON text with the values of other data of its form, and all the rest as it was."""
    marked = _marked(item)
    places = [match for match in _JSON_TEXT.finditer(marked) if match["colon"] is None]
    values = list(zip(_texts_of(_json_values(item)), _texts_of(data), strict=True))
    if len(places) != len(values):  # A key stands twice.
        return json_text(data)
    parts, done = [], 0
    for match, (before, after) in zip(places, values, strict=True):
        if pieces_of(before) != pieces_of(after):
            parts += [_unmarked(marked[done : match.start()], pieces_of(item)), json_text(after)]
            done = match.end()
    return joined([*parts, _unmarked(marked[done:], pieces_of(item))])


def _texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts_of(item)


def _unmarked(value: Any, pieces: tuple[Piece, ...]) -> Any:
    if isinstance(value, dict):
        if any(_MARK in key for key in value):
            raise ValueError(value)
        return {key: _unmarked(below, pieces) for key, below in value.items()}
    if isinstance(value, list):
        return [_unmarked(below, pieces) for below in value]
    if not isinstance(value, str) or len(pieces) == 1:
        return value
    parts = value.split(_MARK)
    return joined(Text((pieces[int(part)],)) if index % 2 else part for index, part in enumerate(parts))


def _secrets_of(value: Any) -> list[str]:
    return [piece.name for piece in unknowns_in(value) if piece.secret]


def _says_secret(key: str, item: Text) -> bool:
    """Tell whether a deployed stack has said a value that is a secret where it stands."""
    return any(piece.known is not None for piece in item.unknowns) and looks_secret(key, item)


def secret_variables(variables: Variables, source: str) -> Callable[[str], str]:
    """Return what puts variables in the place of the secrets of a file."""

    def variable(label: str) -> str:
        was = f"the secret {label}"
        return variables.unknown(label, was=was, assumed="", source=source, secret=True)

    return variable


def as_secret(text: Text) -> Text:
    """Return a text whose unknown parts are secrets."""
    return Text(
        tuple(
            piece if isinstance(piece, str) else replace(piece, secret=True, assumed=SECRET_VALUE, known=None)
            for piece in text.pieces
        )
    )


def editable(value: Any) -> Any:
    """Return plain data as values whose secrets can be taken out."""
    if isinstance(value, dict):
        mapping = Mapping()
        mapping.update({key: editable(item) for key, item in value.items()})
        return mapping
    if isinstance(value, list):
        sequence = Sequence()
        for item in value:
            sequence.add(editable(item), None)
        return sequence
    return value
