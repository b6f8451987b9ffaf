"""The text of a definition file, and what may be wrong with it before it is data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.findings import Kind, Path, Problem, shown
from airflow_codepipeline.errors import CodePipelineError

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable

LARGEST_BYTES = 2 * 1024 * 1024
DEEPEST = 100

UNREADABLE = Kind(
    id="CP001",
    severity="error",
    what="The file cannot be read.",
    right="A file that exists, that this user may read, and whose name ends in .json, .yaml or .yml.",
)
TOO_LARGE = Kind(
    id="CP002",
    severity="error",
    what="The file is larger than 2 MiB, or nested more than 100 levels deep.",
    right="One pipeline a file; the largest that AWS allows is well below 2 MiB and 20 levels.",
)
NOT_UTF8 = Kind(
    id="CP003",
    severity="error",
    what="The file is not UTF-8, or holds a character that the format does not allow.",
    right="Save the file as UTF-8.",
)
SYNTAX = Kind(
    id="CP004",
    severity="error",
    what="The file is not valid JSON or YAML.",
    right="JSON as RFC 8259 has it (no NaN, no comments, no trailing commas), or one YAML document.",
)
DUPLICATE_KEY = Kind(
    id="CP005",
    severity="error",
    what="A mapping has the same key twice; one of the two values would be lost.",
    right="Each key once.",
)
EXPANSION = Kind(
    id="CP006",
    severity="error",
    what="YAML of more than 100,000 values, counting what aliases expand to, or without end.",
    right="One pipeline a file, its repeated values written out or made by a Jinja2 loop.",
)
NOT_A_PIPELINE = Kind(
    id="CP007",
    severity="error",
    what="The file is empty, or its top is not the mapping of a pipeline.",
    right="What `aws codepipeline get-pipeline` prints, or only what stands under `pipeline` there.",
)
KINDS = (UNREADABLE, TOO_LARGE, NOT_UTF8, SYNTAX, DUPLICATE_KEY, EXPANSION, NOT_A_PIPELINE)

Position = tuple[int, int]


class UnreadableError(CodePipelineError):
    """A text that gives no data; carries why. It never leaves this room."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(problem.message for problem in problems))


@dataclass(frozen=True, slots=True)
class Places:
    """Where each value of a file stands.

    :param positions: line and column, from 1, by path.
    :param written: the text of the scalars that are not strings, as they were written, by path.
    """

    positions: dict[Path, Position]
    written: dict[Path, str]

    def position(self, path: Path) -> Position | None:
        """Return where a path stands, or the nearest thing around it."""
        for length in range(len(path), -1, -1):
            position = self.positions.get(path[:length])
            if position is not None:
                return position
        return None


@dataclass(frozen=True)
class Document:
    """A text that is valid JSON or YAML.

    :param problems: what is wrong with it although it could be read: duplicate keys.
    :param find_places: computes the places; slow, so only called when something is to be said.
    """

    data: Any
    problems: tuple[Problem, ...]
    find_places: Callable[[], Places]

    @cached_property
    def places(self) -> Places:
        """Where each value stands."""
        return self.find_places()


def read_bytes(path: pathlib.Path, *, largest: int = LARGEST_BYTES) -> bytes:
    """Return the content of a file, without a byte order mark.

    :param largest: how many bytes it may have; without it, as many as a definition.
    :raises UnreadableError: there is no such file, it cannot be read, or it is too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except OSError as error:
        raise UnreadableError(UNREADABLE.problem(f"The file cannot be read: {error.strerror}.")) from error
    if len(content) > largest:
        suggestion = "A file holds one pipeline." if largest == LARGEST_BYTES else ""
        message = f"The file is larger than {largest // 1024**2} MiB."
        raise UnreadableError(TOO_LARGE.problem(message, suggestion=suggestion))
    return content.removeprefix(b"\xef\xbb\xbf")


def decode(content: bytes) -> str:
    """Return the content as text.

    :raises UnreadableError: it is not UTF-8.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        message = f"Byte 0x{content[error.start]:02x} is not valid UTF-8."
        raise UnreadableError(
            NOT_UTF8.problem(message, suggestion=NOT_UTF8.right, position=(line, column))
        ) from error


def duplicate_key(path: Path, key: str, *, first: Position, second: Position) -> Problem:
    """Return the problem of a key that a mapping has twice."""
    return DUPLICATE_KEY.problem(
        f"The key {shown(key)} stands here and on line {first[0]} already.",
        (*path, key),
        suggestion="Remove one of the two.",
        position=second,
    )
