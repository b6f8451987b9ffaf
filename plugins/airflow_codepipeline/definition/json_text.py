"""JSON: text to data, and where each value stands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.text import (
    NOT_UTF8,
    SYNTAX,
    TOO_LARGE,
    Document,
    Places,
    UnreadableError,
    decode,
    duplicate_key,
)

if TYPE_CHECKING:
    from airflow_codepipeline.definition.findings import Path, PathKey, Problem
    from airflow_codepipeline.definition.text import Position

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def load(content: bytes) -> Document:
    """Return the data of a JSON text.

    :raises UnreadableError: it is not JSON.
    """
    text = decode(content)
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
        json.dumps(data, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        position = (error.lineno, error.colno)
        raise UnreadableError(SYNTAX.problem(f"Not valid JSON: {error.msg}.", position=position)) from error
    except _ConstantError as error:
        raise UnreadableError(_constant_problem(text, str(error))) from error
    except RecursionError as error:
        raise UnreadableError(TOO_LARGE.problem("The file is nested too deep.")) from error
    except UnicodeEncodeError as error:
        raise UnreadableError(NOT_UTF8.problem("A \\u escape is half of a surrogate pair.")) from error
    except ValueError as error:
        raise UnreadableError(SYNTAX.problem(f"Not valid JSON: {error}.")) from error
    scan = _Scan(text)
    scan.run()
    return Document(data, tuple(scan.problems), lambda: Places(scan.positions, scan.written))


def has_duplicate_keys(content: bytes) -> bool:
    """Tell whether any object of a valid JSON text has a key twice; fast, without saying where."""
    try:
        json.loads(content, object_pairs_hook=_refuse_duplicates)
    except _DuplicateError:
        return True
    return False


class _ConstantError(Exception):
    """NaN or Infinity in a text."""


class _DuplicateError(Exception):
    """An object with a key twice."""


def _refuse_constant(name: str) -> None:
    raise _ConstantError(name)


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > 1 and len(dict(pairs)) != len(pairs):
        raise _DuplicateError


def _constant_problem(text: str, name: str) -> Problem:
    line = column = 1
    for token in _TOKEN.finditer(text):
        if token[0] == name:
            line = text.count("\n", 0, token.start()) + 1
            column = token.start() - text.rfind("\n", 0, token.start())
    return SYNTAX.problem(f"{name} is not valid JSON.", position=(line, column))


@dataclass
class _Container:
    """An object or array that is still open: where the next value in it belongs."""

    path: Path
    key: PathKey
    keys: dict[str, Position] = field(default_factory=dict)
    awaits_key: bool = False


class _Scan:
    """One pass over the tokens of a valid JSON text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.positions: dict[Path, Position] = {}
        self.written: dict[Path, str] = {}
        self.problems: list[Problem] = []
        self._open: list[_Container] = []
        self._line = 1
        self._line_start = 0
        self._done = 0

    def run(self) -> None:
        """Read every token once."""
        for token in _TOKEN.finditer(self.text):
            mark = token[0]
            if mark in "]}":
                self._open.pop()
            elif mark == ",":
                self._next_value()
            elif mark != ":":
                self._key_or_value(mark, self._position(token.start()))

    def _position(self, offset: int) -> Position:
        self._line += self.text.count("\n", self._done, offset)
        self._line_start = max(self._line_start, self.text.rfind("\n", self._done, offset) + 1)
        self._done = offset
        return self._line, offset - self._line_start + 1

    def _next_value(self) -> None:
        container = self._open[-1]
        if isinstance(container.key, int):
            container.key += 1
        else:
            container.awaits_key = True

    def _key_or_value(self, mark: str, position: Position) -> None:
        container = self._open[-1] if self._open else None
        if container is not None and container.awaits_key:
            self._take_key(container, json.loads(mark), position)
            return
        path: Path = (*container.path, container.key) if container is not None else ()
        self.positions[path] = position
        if mark == "{":
            self._open.append(_Container(path, "", awaits_key=True))
        elif mark == "[":
            self._open.append(_Container(path, 0))
        elif mark[0] != '"':
            self.written[path] = mark

    def _take_key(self, container: _Container, key: str, position: Position) -> None:
        first = container.keys.get(key)
        if first is not None:
            self.problems.append(duplicate_key(container.path, key, first=first, second=position))
        container.keys[key] = position
        container.key = key
        container.awaits_key = False
