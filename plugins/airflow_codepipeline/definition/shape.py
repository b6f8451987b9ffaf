"""Data against the model: every difference at once, and the forms that AWS accepts made plain.

msgspec stops at the first error, so this walk is done when it found one. What the CodePipeline API and
CloudFormation take is taken: numbers and booleans where a text belongs, digits where a number belongs.
"""

from __future__ import annotations

import datetime
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect

from airflow_codepipeline.definition.findings import Kind, shown
from airflow_codepipeline.definition.suggest import did_you_mean, listing, nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_codepipeline.definition.findings import Path, Problem
    from airflow_codepipeline.definition.text import Places

WRONG_TYPE = Kind(
    id="CP101",
    severity="error",
    what="A value has the wrong type.",
    right="A text, number, list or mapping, as the CodePipeline API reference has it.",
)
UNKNOWN_KEY = Kind(
    id="CP102",
    severity="error",
    what="A key is not known at this place.",
    right="The API's keys, in camel case; what is for Airflow stands under `airflow:`.",
)
MISSING_KEY = Kind(
    id="CP103",
    severity="error",
    what="A required key is missing.",
    right="The keys that the API requires.",
)
NOT_ALLOWED = Kind(
    id="CP104",
    severity="error",
    what="A value is none of those that are allowed here.",
    right="One of the listed values, spelled exactly.",
)
MISREAD_NUMBER = Kind(
    id="CP105",
    severity="error",
    what="YAML reads an unquoted value as another number than it looks: an account id, a time, a hash.",
    right="Quote it: '012345678901' is a text, 012345670123 is an octal number.",
)
KINDS = (WRONG_TYPE, UNKNOWN_KEY, MISSING_KEY, NOT_ALLOWED, MISREAD_NUMBER)

_type_info = cache(inspect.type_info)
_UNSET: Any = object()
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
_MOST_GUESSES = 100
_FORMS: dict[type, str] = {
    inspect.StrType: "a text",
    inspect.VarTupleType: "a list",
    inspect.StructType: "a mapping",
}
_WHOLE_NUMBER = re.compile(r"-?\d{1,18}")


class Shape:
    """One walk over the data of one declaration.

    After it, `problems` holds what is wrong, and `readable` tells whether what is left is a pipeline:
    an unknown key leaves the rest readable, a missing one does not.
    """

    def __init__(self, places: Places, base: Path = ()) -> None:
        self.problems: list[Problem] = []
        self.readable = True
        self._places = places
        self._base = base
        self._readers: dict[type, Callable[[Any, Any, Path], Any]] = {
            inspect.StructType: self._struct,
            inspect.VarTupleType: self._list,
            inspect.DictType: self._map,
            inspect.StrType: self._text,
            inspect.IntType: self._integer,
            inspect.FloatType: self._number,
            inspect.BoolType: self._boolean,
            inspect.LiteralType: self._literal,
            inspect.UnionType: self._form,
            inspect.AnyType: self._anything,
            inspect.DateType: self._date,
        }

    def read(self, data: Any, model: type[msgspec.Struct]) -> Any:
        """Return the data, made plain, that converts to `model` where `readable` holds afterwards."""
        return self._value(_type_info(model), data, ())

    def _value(self, expected: inspect.Type, value: Any, path: Path) -> Any:
        return self._readers[type(expected)](expected, value, path)

    def _fail(
        self, kind: Kind, message: str, path: Path, suggestion: str = "", allowed: tuple[str, ...] = ()
    ) -> Any:
        self.problems.append(kind.problem(message, path, suggestion=suggestion, allowed=allowed))
        self.readable = False
        return _UNSET

    def _wrong(
        self, expected: str, value: Any, path: Path, suggestion: str = "", allowed: tuple[str, ...] = ()
    ) -> Any:
        message = f"Expected {expected}, found {_described(value)}."
        return self._fail(WRONG_TYPE, message, path, suggestion, allowed)

    def _struct(self, expected: inspect.StructType, value: Any, path: Path) -> Any:
        if not isinstance(value, dict):
            return self._wrong("a mapping", value, path)
        fields = {field.encode_name: field for field in expected.fields}
        taken = self._known_keys(value, set(fields), path)
        result = {}
        for name, (key, item) in taken.items():
            read = self._value(fields[name].type, item, (*path, key))
            if read is not _UNSET:
                result[name] = read
        for name, field in fields.items():
            if field.required and name not in taken:
                self._fail(MISSING_KEY, f"The key '{name}' is missing.", path)
        return result

    def _known_keys(self, value: dict[Any, Any], known: set[str], path: Path) -> dict[str, tuple[str, Any]]:
        """Return the values by known key. A misspelled key counts as the one that was meant."""
        taken = {key: (key, item) for key, item in value.items() if key in known}
        for key, item in value.items():
            if key in known:
                continue
            # A guess costs a millisecond: a file of nothing but unknown keys must not take minutes.
            guess = len(self.problems) < _MOST_GUESSES
            meant = nearest(str(key), known - taken.keys()) if guess else None
            suggestion = f"Did you mean '{meant}'?" if meant else f"Known: {listing(known)}."
            self.problems.append(
                UNKNOWN_KEY.problem(f"Unknown key {shown(key)}.", (*path, str(key)), suggestion=suggestion)
            )
            if meant:
                taken[meant] = (str(key), item)
        return taken

    def _list(self, expected: inspect.VarTupleType, value: Any, path: Path) -> Any:
        if not isinstance(value, list):
            hint = "Start it with '- ' (YAML) or put it in [ ]." if value not in (None, "") else ""
            return self._wrong("a list", value, path, hint)
        items = (self._value(expected.item_type, item, (*path, index)) for index, item in enumerate(value))
        return [item for item in items if item is not _UNSET]

    def _map(self, expected: inspect.DictType, value: Any, path: Path) -> Any:
        if not isinstance(value, dict):
            return self._wrong("a mapping", value, path)
        read = {
            str(key): self._value(expected.value_type, item, (*path, str(key))) for key, item in value.items()
        }
        return {key: item for key, item in read.items() if item is not _UNSET}

    def _text(self, _expected: inspect.StrType, value: Any, path: Path) -> Any:
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, datetime.date):
            return self._written(path) or value.isoformat()
        if isinstance(value, int | float):
            return self._number_as_text(value, path)
        if isinstance(value, dict | list):
            return self._wrong("a text", value, path, "A JSON value is written as a text, in quotes.")
        return self._wrong("a text", value, path)

    def _number_as_text(self, value: float, path: Path) -> Any:
        written = self._written(path) or str(value)
        if _PLAIN_NUMBER.fullmatch(written):
            return written
        message = f"{shown(written)} is read as the number {value}, not as the text it looks like."
        return self._fail(MISREAD_NUMBER, message, path, f"Quote it: {shown(written)}.")

    def _written(self, path: Path) -> str | None:
        return self._places.written.get((*self._base, *path))

    def _integer(self, _expected: inspect.IntType, value: Any, path: Path) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return value if abs(value) < 2**63 else self._wrong("a whole number", value, path)
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
            return int(value)
        if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
            return int(value)
        return self._wrong("a whole number", value, path)

    def _number(self, _expected: inspect.FloatType, value: Any, path: Path) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15:
            return value
        return self._wrong("a number", value, path)

    def _boolean(self, _expected: inspect.BoolType, value: Any, path: Path) -> Any:
        if isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return value == "true"
        return self._wrong("true or false", value, path, allowed=("false", "true"))

    def _literal(self, expected: inspect.LiteralType, value: Any, path: Path) -> Any:
        if value in expected.values:
            return value
        allowed = [str(item) for item in expected.values]
        if not isinstance(value, str):
            return self._wrong(f"one of {listing(allowed)}", value, path)
        message = f"{shown(value)} is not allowed here."
        return self._fail(NOT_ALLOWED, message, path, did_you_mean(value, allowed), tuple(allowed))

    def _form(self, expected: inspect.UnionType, value: Any, path: Path) -> Any:
        """Read a value that may be absent, or have one of several forms: a text, a list, a mapping."""
        forms = [item for item in expected.types if not isinstance(item, inspect.NoneType)]
        if value is None and len(forms) < len(expected.types):
            return None
        shapes = (list, inspect.VarTupleType), (dict, inspect.StructType | inspect.DictType)
        kind = next((shape for python, shape in shapes if isinstance(value, python)), inspect.StrType)
        fitting = [form for form in forms if isinstance(form, kind)]
        if len(forms) > 1 and not fitting:
            return self._wrong(" or ".join(_FORMS[type(form)] for form in forms), value, path)
        return self._value((fitting or forms)[0], value, path)

    def _anything(self, _expected: inspect.AnyType, value: Any, path: Path) -> Any:
        del path
        return value

    def _date(self, _expected: inspect.DateType, value: Any, path: Path) -> Any:
        if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
            return value
        try:
            return datetime.date.fromisoformat(value)
        except (TypeError, ValueError):
            return self._wrong("a date such as 2026-01-31", value, path)


def _described(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    return shown(value)
