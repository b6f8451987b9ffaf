"""Values for parameters from a file, in any of the forms that AWS's tools take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.text import UnreadableError, read_bytes
from airflow_codepipeline.importing import source_text
from airflow_codepipeline.importing.kinds import PARAMETERS_FILE
from airflow_codepipeline.importing.values import Mapping, Sequence, scalar_text

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_codepipeline.definition.text import Position


def read_parameters(path: Path) -> dict[str, str]:
    """Return the values by name.

    A file is a mapping of names to values, the same under `Parameters` (a template configuration file of
    CodePipeline), the list of `ParameterKey` and `ParameterValue` that `aws cloudformation` takes, or a list
    of `NAME=VALUE`.

    :raises UnreadableError: the file cannot be read, or has another form.
    """
    data = source_text.load(read_bytes(path)).data
    if isinstance(data, Mapping) and isinstance(data.get("Parameters"), Mapping):
        data = data["Parameters"]
    if isinstance(data, Mapping):
        return {name: _value(value, data.place(name)) for name, value in data.items()}
    if isinstance(data, Sequence):
        return dict(_entry(item, data.place(index)) for index, item in enumerate(data))
    raise _unusable((1, 1))


def _entry(item: Any, position: Position | None) -> tuple[str, str]:
    if isinstance(item, str) and "=" in item:
        name, _, value = item.partition("=")
        return name, value
    if isinstance(item, dict) and "ParameterKey" in item and "ParameterValue" in item:
        return scalar_text(item["ParameterKey"]), _value(item["ParameterValue"], position)
    raise _unusable(position)


def _value(value: Any, position: Position | None) -> str:
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return ",".join(map(scalar_text, value))
    if value is None or isinstance(value, dict | list):
        raise _unusable(position)
    return scalar_text(value)


def _unusable(position: Position | None) -> UnreadableError:
    message = "This is no parameter and its value."
    return UnreadableError(
        PARAMETERS_FILE.problem(message, suggestion=PARAMETERS_FILE.right, position=position)
    )
