"""What is wrong with a request, in AWS's words: types, missing members, lengths, patterns, enumerations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.execution.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape

_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "timestamp": (int, float, str),
}
_CALLED = {"structure": "an object", "map": "an object", "list": "a list", "boolean": "true or false"}


def violations(shape: Shape, value: Any) -> list[str]:
    """Return how a request breaks its model, a sentence for each place.

    :raises Refusal: a value has another type than the model's: AWS does not look any further then.
    """
    return list(_violations(shape, value, ""))


def _violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    _check_type(shape, value, path)
    if shape.type_name == "structure":
        yield from _of_structure(shape, value, path)
        return
    yield from (f"{_subject(value, path)}: {constraint}" for constraint in _broken(shape, value))
    if shape.type_name == "list":
        for number, item in enumerate(value, start=1):
            yield from _violations(shape.member, item, f"{path}.{number}.member")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from _violations(shape.key, key, f"{path}.{key}.key")
            yield from _violations(shape.value, item, f"{path}.{key}.member")


def _of_structure(shape: Shape, value: dict[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        place = f"{path}.{name}" if path else name
        given = value.get(name)
        if given is not None:
            yield from _violations(member, given, place)
        elif name in shape.required_members:
            yield f"{_subject(None, place)}: Member must not be null"


def _check_type(shape: Shape, value: Any, path: str) -> None:
    expected = _TYPES.get(shape.type_name)
    of_type = expected is None or isinstance(value, expected)
    number_wanted = int in (expected or ())
    if of_type and not (number_wanted and isinstance(value, bool)):
        return
    wanted = _CALLED.get(shape.type_name, f"a {shape.type_name}")
    raise Refusal("SerializationException", f"{path or 'The body'} must be {wanted}.")


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    """Yield the constraints that a value breaks."""
    limits = shape.metadata
    number = shape.type_name in {"integer", "long"}
    what, size = ("value", value) if number else ("length", len(value) if hasattr(value, "__len__") else 0)
    if "min" in limits and size < limits["min"]:
        yield f"Member must have {what} greater than or equal to {limits['min']}"
    if "max" in limits and size > limits["max"]:
        yield f"Member must have {what} less than or equal to {limits['max']}"
    if "pattern" in limits and not re.fullmatch(limits["pattern"], value):
        yield f"Member must satisfy regular expression pattern: {limits['pattern']}"
    if limits.get("enum") and value not in limits["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]"


def _subject(value: Any, path: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint"
