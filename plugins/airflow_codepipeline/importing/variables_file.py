"""The variables file that an import adds to: what somebody wrote there is never changed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_codepipeline.definition import yaml_text
from airflow_codepipeline.definition.text import UnreadableError, read_bytes
from airflow_codepipeline.importing.fitting import guesses
from airflow_codepipeline.importing.yaml_form import variable_lines

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from airflow_codepipeline.importing.values import Unknown

_LINE = re.compile(r"^(\w+):.*?(?:  # (.*))?$")
_HEADER = "# What the imported definitions call `var`: fill in the values of your own environment.\n"


def existing_variables(path: Path) -> dict[str, str]:
    """Return the names that a variables file holds, and the comment beside each; none: there is no file.

    :raises UnreadableError: the file is no mapping in YAML.
    """
    if not path.exists():
        return {}
    content = read_bytes(path)
    data = yaml_text.load(content).data
    if data is not None and not isinstance(data, dict):
        from airflow_codepipeline.importing.kinds import CANNOT_WRITE

        raise UnreadableError(CANNOT_WRITE.problem("The variables file is not a mapping."))
    names = dict.fromkeys(map(str, data or ()), "")
    for line in content.decode().splitlines():
        match = _LINE.match(line)
        if match and match[1] in names:
            names[match[1]] = match[2] or ""
    return names


@dataclass(frozen=True, slots=True)
class Extended:
    """A variables file after an import.

    :param text: what is to be written; none: nothing changes.
    :param kept: what a deployed stack knows otherwise than the file.
    """

    text: str | None
    kept: tuple[Unknown, ...]


def extended(path: Path, unknowns: Iterable[Unknown], existing: Iterable[str]) -> Extended:
    """Return the variables file with those that it lacks.

    Of what stands there, only a value that an import assumed is replaced, by what a deployed stack knows.
    """
    names = set(existing)
    before = path.read_text() if path.exists() else _HEADER
    lines = before.splitlines()
    missing, kept = [], []
    for piece in unknowns:
        if piece.name not in names:
            missing.append(piece)
        elif piece.known is not None and not _is_said(lines, piece):
            kept.append(piece)
    text = "".join(f"{line}\n" for line in lines) + variable_lines(missing)
    return Extended(None if not missing and lines == before.splitlines() else text, tuple(kept))


def _is_said(lines: list[str], piece: Unknown) -> bool:
    """Put what is known in the place of what was assumed; tell whether it stands there now."""
    known = variable_lines([piece]).rstrip("\n")
    for assumed in guesses(piece):
        line = variable_lines([replace(piece, assumed=assumed, known=None)]).rstrip("\n")
        if line in lines and line != known:
            lines[lines.index(line)] = known
    loaded = yaml_text.load("\n".join(lines).encode()).data
    return bool(str(loaded.get(piece.name)) == piece.known)
