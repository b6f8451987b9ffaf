"""References to variables: `#{namespace.key}` in a text.

Source: CodePipeline user guide, "Variables reference", and the shape OutputVariablesKey.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from airflow_codepipeline.errors import VariableError

if TYPE_CHECKING:
    from collections.abc import Callable

PIPELINE_NAMESPACE = "codepipeline"
VARIABLES_NAMESPACE = "variables"
RESERVED_NAMESPACES = frozenset({PIPELINE_NAMESPACE, VARIABLES_NAMESPACE})

_REFERENCE = re.compile(r"#\{([A-Za-z0-9@_-]+)\.([A-Za-z0-9@_-]+)\}")
_OPENED = re.compile(r"#\{[^}\n]{0,200}\}?")


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """One reference in a text.

    :param start: where `#{` stands, counted in characters from 0.
    """

    namespace: str
    key: str
    start: int

    def __str__(self) -> str:
        return f"#{{{self.namespace}.{self.key}}}"


def find_references(text: str) -> tuple[Reference, ...]:
    """Return the references of a text, in order."""
    if "#{" not in text:
        return ()
    return tuple(
        Reference(namespace=found[1], key=found[2], start=found.start())
        for found in _REFERENCE.finditer(text)
    )


def malformed(text: str) -> tuple[str, ...]:
    """Return what starts as a reference, `#{`, but is none; AWS leaves it as it is."""
    if "#{" not in text:
        return ()
    return tuple(found[0] for found in _OPENED.finditer(text) if not _REFERENCE.match(found[0]))


def resolve(text: str, lookup: Callable[[str, str], str | None]) -> str:
    """Return the text with every reference replaced by its value.

    A value is not searched for references again: what an action emitted is data.

    :param lookup: gives the value of a namespace and key, or none where there is no such value.
    :raises VariableError: a reference has no value.
    """
    if "#{" not in text:
        return text

    def value(found: re.Match[str]) -> str:
        resolved = lookup(found[1], found[2])
        if resolved is None:
            raise VariableError(
                f"The variable {found[0]} has no value: no action that has finished emitted the key "
                f"'{found[2]}' in the namespace '{found[1]}'."
            )
        return resolved

    return _REFERENCE.sub(value, text)
