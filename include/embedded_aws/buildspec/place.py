"""One mapping of a YAML document, and where it stands."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from embedded_aws.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Collection


class Place:
    """A mapping whose errors say where it is. A part that is missing or empty is an empty mapping.

    :param path: the file's name and the keys that lead here, joined by slashes.
    """

    def __init__(self, path: str, value: Any) -> None:
        self._path = path
        if value not in (None, "") and not isinstance(value, dict):
            raise self.error("must be a mapping of keys to values")
        self._value: dict[str, Any] = value or {}

    def error(self, message: str) -> BuildError:
        """The error to raise for what is wrong here."""
        return BuildError("YAML_FILE_ERROR", f"{self._path}: {message}")

    def names(self) -> list[str]:
        """The keys, in order."""
        return list(self._value)

    def has(self, key: str) -> bool:
        """Whether there is such a key."""
        return key in self._value

    def part(self, key: str) -> Place:
        """The mapping at `key`."""
        return Place(f"{self._path}/{key}", self._value.get(key))

    def text(self, key: str) -> str | None:
        """The text at `key`, None when there is none."""
        value = self._value.get(key)
        if value is not None and not isinstance(value, str):
            raise self.error(f"{key} must be a text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts at `key`."""
        value = self._value.get(key) or []
        if not isinstance(value, list):
            raise self.error(f"{key} must be a list")
        for index, item in enumerate(value):
            if not isinstance(item, str):
                hint = "; quote a command that holds ': '" if isinstance(item, dict) else ""
                raise self.error(f"{key}[{index}] must be a text{hint}")
        return tuple(value)

    def texts_by_name(self) -> dict[str, str]:
        """This mapping, all of whose values must be texts."""
        return {key: self.text(key) or "" for key in self._value}

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Refuse keys that mean nothing here.

        :raises BuildError: with the known key that looks most like the unknown one.
        """
        for key in self._value:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
                raise self.error(f"unknown key '{key}'; {hint}")
