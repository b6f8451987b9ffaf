"""The values for the Jinja2 variables of definitions: `include/variables/<environment>.yaml`."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.findings import Kind
from airflow_codepipeline.definition.text import UnreadableError, read_bytes

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT_VARIABLE = "CODEPIPELINE_ENVIRONMENT"
_DEFAULT_ENVIRONMENT = "local"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")

BAD_VARIABLES = Kind(
    id="CP013",
    severity="error",
    what="The variables file of the environment cannot be used.",
    right="A YAML mapping of names to values in include/variables/<environment>.yaml.",
)

_cache: dict[Path, tuple[tuple[int, int], dict[str, Any]]] = {}


def environment() -> str:
    """Return the name of the environment: CODEPIPELINE_ENVIRONMENT, or `local`.

    :raises UnreadableError: the name could not be the stem of a file.
    """
    name = os.environ.get(ENVIRONMENT_VARIABLE) or _DEFAULT_ENVIRONMENT
    if not _NAME.fullmatch(name):
        raise UnreadableError(
            BAD_VARIABLES.problem(
                f"{ENVIRONMENT_VARIABLE} is '{name}', which is not the name of an environment.",
                suggestion="Use letters, digits, '.', '_' and '-'.",
            )
        )
    return name


def variables_path(definition: Path) -> Path:
    """Return the variables file of a definition: in the nearest folder `variables` beside or above it.

    :raises UnreadableError: the environment's name could not be the stem of a file.
    """
    name = f"{environment()}.yaml"
    parents = definition.absolute().parents
    for parent in parents:
        if (parent / "variables").is_dir():
            return parent / "variables" / name
    return parents[min(1, len(parents) - 1)] / "variables" / name


def read_variables(path: Path) -> dict[str, Any]:
    """Return the values of a variables file; none where there is no file. Read once per process and change.

    :raises UnreadableError: the file is there and cannot be used.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return {}
    stamp = (status.st_mtime_ns, status.st_size)
    cached = _cache.get(path)
    if cached is None or cached[0] != stamp:
        cached = (stamp, _load(path))
        _cache[path] = cached
    return cached[1]


def _load(path: Path) -> dict[str, Any]:
    from airflow_codepipeline.definition import yaml_text

    try:
        document = yaml_text.load(read_bytes(path))
        if document.problems:
            raise UnreadableError(*document.problems)
    except UnreadableError as error:
        first = error.problems[0]
        at = f", line {first.position[0]}" if first.position else ""
        raise UnreadableError(BAD_VARIABLES.problem(f"In {path}{at}: {first.message}")) from error
    values = document.data if document.data is not None else {}
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise UnreadableError(BAD_VARIABLES.problem(f"{path} is not a mapping of names to values."))
    return values
