"""Writes what was imported: definitions, variables, and the requests that belong to them."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import shown
from airflow_codepipeline.importing.kinds import CANNOT_WRITE
from airflow_codepipeline.importing.labels import one_line, slug
from airflow_codepipeline.importing.yaml_form import definition_text
from airflow_codepipeline.settings import DEFINITION_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.findings import Problem
    from airflow_codepipeline.importing.found import FoundPipeline, SideFile

_MADE = "Made by `codepipeline import`"


class Writer:
    """Writes below one folder; what was written by hand is never replaced.

    :param output: the folder that `pipelines` and `variables` belong into.
    """

    def __init__(self, output: Path) -> None:
        self.output = output
        self._written: dict[Path, str] = {}

    def free_name(self, found: FoundPipeline) -> str | None:
        """Return the name that a pipeline is written under; none where its own is taken."""
        origin = f"{found.file} {found.resource}"
        for name in _names(found):
            path = self.output / "pipelines" / f"{name}.yaml"
            if found.derived and _first_line(path) not in (
                "",
                f"# {made_comment(found.file, found.resource)}",
            ):
                continue
            if self._written.setdefault(path, origin) == origin:
                return name
        return None

    def definition(self, name: str, text: str) -> Path:
        """Write a definition.

        :raises OSError: it cannot be written.
        """
        path = self.output / "pipelines" / f"{name}.yaml"
        _refuse_handwritten(path)
        # Of two files of one pipeline Airflow would take this one.
        for twin in (path.parent / f"{name}{suffix}" for suffix in DEFINITION_SUFFIXES):
            if twin != path and twin.is_file():
                raise FileExistsError(errno.EEXIST, f"{twin.name} declares that pipeline already", str(path))
        _write(path, text)
        return path

    def side_file(self, side: SideFile) -> Path:
        """Write the input of a request.

        :raises OSError: it cannot be written.
        """
        stem = "".join(
            character if character.isalnum() or character in "-_." else "-" for character in side.stem
        )
        path = self.output / side.folder / f"{stem[:120].lstrip('.') or 'request'}.yaml"
        _refuse_handwritten(path)
        _write(path, definition_text(side.data, comment=made_comment(side.file, side.resource)))
        return path

    def variables(self, path: Path, text: str) -> None:
        """Write the variables file.

        :raises OSError: it cannot be written.
        """
        _write(path, text)


def _names(found: FoundPipeline) -> Iterator[str]:
    """Yield the names that a pipeline may be given: a name that was made may be made once more."""
    yield found.name
    if found.derived:
        stem = slug(Path(found.file).name.partition(".")[0])[:40]
        yield f"{stem}-{found.name[:50]}"
        yield from (f"{stem}-{found.name[:50]}-{number}" for number in range(2, 1000))


def made_comment(file: str, resource: str) -> str:
    """Return the first line of every file that an import writes; nothing in it is Jinja2's."""
    made = ", ".join(one_line(part) for part in (Path(file).name, resource) if part)
    return f"{_MADE} of {made}.".replace("{{", "{ {").replace("{%", "{ %")


def name_is_taken(found: FoundPipeline) -> Problem:
    """Return the problem of a second pipeline of one name."""
    return CANNOT_WRITE.problem(
        f"Another pipeline of this import is called {shown(found.name)} already.",
        ("name",),
        suggestion="Import the two files into two folders.",
        position=found.declaration.place("name"),
    )


def _refuse_handwritten(path: Path) -> None:
    line = _first_line(path)
    if line and _MADE not in line:
        raise FileExistsError(errno.EEXIST, "it exists and was not made by an import", str(path))


def _first_line(path: Path) -> str:
    """Return the first line of a file; empty where there is no file."""
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline(1000).rstrip("\n") or "(empty)"


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".import-", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
