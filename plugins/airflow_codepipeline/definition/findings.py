"""What is wrong with a definition, where, and what would be right."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

Severity = Literal["error", "warning"]
PathKey = str | int
Path = tuple[PathKey, ...]

_PLAIN_KEY = re.compile(r"[\w.@-]+")


def path_text(path: Path) -> str:
    """Return a path as people read it: `stages[1].actions[0].configuration.Extract`."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        elif _PLAIN_KEY.fullmatch(key):
            text += f".{key}" if text else key
        else:
            text += f"[{shown(key)}]"
    return text


def shown(value: object, *, longest: int = 60) -> str:
    """Return a value of a file as a message quotes it: on one line, printable, cut."""
    text = str(value)
    quoted = f"'{text}'" if text.isprintable() else ascii(text)
    return quoted if len(quoted) <= longest + 2 else f"{quoted[:longest]}...'"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that is wrong with one definition.

    :param id: the stable id of the kind of finding, such as `CP101` (docs/checks.md).
    :param line: from 1; 0 where the place in the file is not known.
    :param column: from 1; 0 where it is not known.
    :param path: the place in the declaration, such as `stages[1].actions[0].name`; empty for the whole.
    :param suggestion: what would be right, as a sentence; may be empty.
    """

    id: str
    severity: Severity
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""
    suggestion: str = ""

    def __str__(self) -> str:
        place = self.file or "<definition>"
        if self.line:
            place += f":{self.line}:{self.column}"
        at = f" at {self.path}" if self.path else ""
        suggestion = f" {self.suggestion}" if self.suggestion else ""
        return f"{place}: {self.severity} {self.id}{at}: {self.message}{suggestion}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """A finding before its place in the file is known: checks see the model, not the text.

    :param path: keys and indices from the top of the declaration.
    :param position: line and column from 1, where whoever found it knows them.
    :param allowed: the values that are right at this place, where they can be listed.
    """

    kind: Kind
    message: str
    path: Path = ()
    suggestion: str = ""
    position: tuple[int, int] | None = None
    allowed: tuple[str, ...] = ()

    def inside(self, base: Path) -> Problem:
        """Return the same problem with its path counted from `base`, where it is below that."""
        below = self.path[: len(base)] == base
        return replace(self, path=self.path[len(base) :]) if below else self

    def finding(self, *, file: str, position: tuple[int, int] | None) -> Finding:
        """Return the finding, placed in a file."""
        line, column = self.position or position or (0, 0)
        return Finding(
            id=self.kind.id,
            severity=self.kind.severity,
            message=self.message,
            file=file,
            line=line,
            column=column,
            path=path_text(self.path),
            suggestion=self.suggestion,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of finding: what docs/checks.md has a row for.

    :param what: what is wrong, as a sentence.
    :param right: what would be right, as a sentence.
    """

    id: str
    severity: Severity
    what: str
    right: str

    def problem(
        self,
        message: str,
        path: Path = (),
        *,
        suggestion: str = "",
        position: tuple[int, int] | None = None,
        allowed: tuple[str, ...] = (),
    ) -> Problem:
        """Return one occurrence of it."""
        return Problem(
            kind=self,
            message=message,
            path=path,
            suggestion=suggestion,
            position=position,
            allowed=allowed,
        )
