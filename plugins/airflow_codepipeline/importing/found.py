"""What a foreign file holds, before it is a definition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.text import Places
from airflow_codepipeline.importing.values import Mapping, Sequence, placed_items

if TYPE_CHECKING:
    from airflow_codepipeline.definition.findings import Finding, Path, Problem


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundPipeline:
    """A declaration, its keys as the API's, of which parts may be unknown.

    :param file: the file it stands in, as the caller named it.
    :param resource: its logical id, or its address; empty where the file is the pipeline alone.
    :param name: what it is called here; a file's stem cannot be a variable.
    :param derived: whether the name was made, so that another one may be made where it is taken.
    :param problems: what was found on the way.
    """

    file: str
    resource: str
    name: str
    derived: bool
    declaration: Mapping
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SideFile:
    """What belongs to pipelines but is no part of one: the input of another request of the API.

    :param folder: the folder below the output, such as `custom_action_types`.
    :param stem: the file's name without its suffix.
    :param data: what the request takes.
    """

    file: str
    resource: str
    folder: str
    stem: str
    data: Mapping


@dataclass(kw_only=True, slots=True)
class Found:
    """Everything that was found in the files of one import."""

    pipelines: list[FoundPipeline] = field(default_factory=list)
    side_files: list[SideFile] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How much was found, errors too."""
        return len(self.pipelines) + len(self.side_files) + len(self.errors)

    def add(self, more: Found) -> None:
        """Take what was found elsewhere."""
        self.pipelines += more.pipelines
        self.side_files += more.side_files
        self.errors += more.errors
        self.notes += more.notes

    def add_problems(self, file: str, problems: tuple[Problem, ...] | list[Problem]) -> None:
        """Take what was said of a file: errors are errors, the rest are notes."""
        for problem in problems:
            finding = problem.finding(file=file, position=problem.position)
            (self.errors if finding.severity == "error" else self.notes).append(finding)


def places_of(value: Any) -> Places:
    """Return where everything in a value stands."""
    places = Places({}, {})
    _place(value, (), places)
    return places


def _place(value: Any, path: Path, places: Places) -> None:
    if not isinstance(value, Mapping | Sequence):
        return
    if value.position is not None:
        places.positions.setdefault(path, value.position)
    for key, item, position in placed_items(value):
        if position is not None:
            places.positions[(*path, key)] = position
        _place(item, (*path, key), places)
