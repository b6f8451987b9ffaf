"""The variables file that an import adds to: what stands there already is never changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow_codepipeline.definition import yaml_text
from airflow_codepipeline.definition.text import UnreadableError, read_bytes
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


def extended(path: Path, unknowns: Iterable[Unknown], existing: Iterable[str]) -> str | None:
    """Return the text of the variables file with those that it lacks; none where it lacks nothing."""
    known = set(existing)
    missing = [piece for piece in unknowns if piece.name not in known]
    if not missing:
        return None
    before = path.read_text() if path.exists() else _HEADER
    if before and not before.endswith("\n"):
        before += "\n"
    return before + variable_lines(missing)
