r"""Globs of triggers: which branches, tags and files a pattern means (CodePipeline user guide, "Working with
glob patterns in syntax"), as Java's java.nio.file.PathMatcher reads them.

`*` is any characters within one part of a path, `**` any characters at all, `?` one character of a part,
`[a-z]`, `[!x]` one of some, `{a,b}` one text of several, and `\` takes the next character as it is.

What is matched was named by whoever opens a pull request, and Python's `re` can take exponential time over
it. So a pattern becomes an automaton, which looks once at each character.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SEPARATOR = "/"


class GlobError(ValueError):
    """A pattern that Java refuses; the message says where and why."""


class Glob:
    """A pattern that was read: states, with what leads from one to the next."""

    def __init__(self) -> None:
        self._steps: list[list[tuple[Callable[[str], bool], int]]] = [[]]
        self._jumps: list[list[int]] = [[]]
        self._end = 0

    def matches(self, text: str) -> bool:
        """Tell whether the whole of a text matches."""
        states = self._closure((0,))
        for character in text:
            states = self._closure(
                following for state in states for takes, following in self._steps[state] if takes(character)
            )
        return self._end in states

    def add_state(self) -> int:
        """Add a state that nothing leads to yet."""
        self._steps.append([])
        self._jumps.append([])
        return len(self._steps) - 1

    def step(self, start: int, takes: Callable[[str], bool], end: int) -> int:
        """Lead from one state to another by a character, and return that other."""
        self._steps[start].append((takes, end))
        return end

    def jump(self, start: int, end: int) -> None:
        """Lead from one state to another without a character."""
        self._jumps[start].append(end)

    def end_at(self, state: int) -> Glob:
        """Let a text match that leads to this state."""
        self._end = state
        return self

    def _closure(self, states: Iterable[int]) -> set[int]:
        found: set[int] = set()
        waiting = list(states)
        while waiting:
            state = waiting.pop()
            if state not in found:
                found.add(state)
                waiting += self._jumps[state]
        return found


@cache
def read_glob(pattern: str) -> Glob:
    """Return a pattern, ready to match.

    :raises GlobError: it is malformed.
    """
    return _Reader(pattern).read()


@dataclass
class _Group:
    """`{…}`: where it began, and the ends of its alternatives so far."""

    start: int
    ends: list[int] = field(default_factory=list)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern, self._at = pattern, 0
        self._glob, self._state = Glob(), 0
        self._group: _Group | None = None

    def read(self) -> Glob:
        while self._at < len(self._pattern):
            character = self._next()
            _READS.get(character, _Reader._literal)(self, character)
        if self._group is not None:
            raise self._error("a '{' is never closed")
        return self._glob.end_at(self._state)

    def _next(self) -> str:
        self._at += 1
        return self._pattern[self._at - 1]

    def _follows(self, character: str) -> bool:
        """Pass a character, if it is the next one."""
        found = self._pattern.startswith(character, self._at)
        self._at += found
        return found

    def _take(self, takes: Callable[[str], bool]) -> None:
        self._state = self._glob.step(self._state, takes, self._glob.add_state())

    def _literal(self, character: str) -> None:
        self._take(character.__eq__)

    def _escaped(self, _character: str) -> None:
        if self._at == len(self._pattern):
            raise self._error("nothing follows the last '\\'")
        self._literal(self._next())

    def _one(self, _character: str) -> None:
        self._take(_SEPARATOR.__ne__)

    def _many(self, _character: str) -> None:
        takes = _anything if self._follows("*") else _SEPARATOR.__ne__
        self._glob.step(self._state, takes, self._state)

    def _open(self, _character: str) -> None:
        if self._group is not None:
            raise self._error("a '{' stands within another")
        self._group = _Group(self._state)
        self._begin_alternative()

    def _comma(self, character: str) -> None:
        if self._group is None:
            self._literal(character)
            return
        self._group.ends.append(self._state)
        self._begin_alternative()

    def _close(self, character: str) -> None:
        if self._group is None:
            self._literal(character)
            return
        ends = [*self._group.ends, self._state]
        self._group, self._state = None, self._glob.add_state()
        for end in ends:
            self._glob.jump(end, self._state)

    def _begin_alternative(self) -> None:
        assert self._group is not None
        self._state = self._glob.add_state()
        self._glob.jump(self._group.start, self._state)

    def _bracket(self, _character: str) -> None:
        negated = self._follows("!")
        end = self._pattern.find("]", self._at)
        if end < 0:
            raise self._error("a '[' is never closed")
        inside, self._at = self._pattern[self._at : end], end + 1
        if not inside:
            raise self._error("there is nothing in the brackets")
        if _SEPARATOR in inside:
            raise self._error("brackets may not have a '/' in them")
        singles, ranges = self._members(inside)
        self._take(lambda one: one != _SEPARATOR and _is_in(one, singles, ranges) is not negated)

    def _members(self, inside: str) -> tuple[str, list[tuple[str, str]]]:
        """Return the single characters of brackets, and the ranges. A '-' is one at either end."""
        singles = "-" if inside[0] == "-" else ""
        ranges, rest = [], inside.removeprefix("-")
        while rest:
            first, rest = rest[0], rest[1:]
            if first == "-":
                raise self._error("a '-' in brackets stands first, last, or between two characters")
            if len(rest) > 1 and rest[0] == "-":
                last, rest = rest[1], rest[2:]
                if last < first:
                    raise self._error(f"the range {first}-{last} is empty")
                ranges.append((first, last))
            elif rest == "-":
                singles, rest = f"{singles}{first}-", ""
            else:
                singles += first
        return singles, ranges

    def _error(self, why: str) -> GlobError:
        return GlobError(f"{why} (character {self._at} of {self._pattern!r})")


def _anything(_character: str) -> bool:
    return True


def _is_in(character: str, singles: str, ranges: list[tuple[str, str]]) -> bool:
    return character in singles or any(first <= character <= last for first, last in ranges)


_READS: dict[str, Callable[[_Reader, str], None]] = {
    "\\": _Reader._escaped,
    "?": _Reader._one,
    "*": _Reader._many,
    "[": _Reader._bracket,
    "{": _Reader._open,
    ",": _Reader._comma,
    "}": _Reader._close,
}
