"""Assets have names that Airflow takes, each once in a list."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.assets import awaited, name_of, updated
from airflow_codepipeline.definition.checks.base import repeated
from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

_LONGEST = 1500
_RESERVED = frozenset({"self", "context"})

KIND = Kind(
    id="CP229",
    severity="error",
    what="An asset has a name or URI that Airflow refuses, or a stage updates it twice.",
    right="A name or URI of 1 to 1500 characters, other than `self` and `context`; no URI of `airflow://`.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find assets that Airflow refuses: the DAG could not be built."""
    for asset, path in chain(awaited(survey), updated(survey)):
        uri = None if isinstance(asset, str) else asset.uri
        for text in (name_of(asset), *([uri] if uri is not None else [])):
            if reason := _refused(text):
                yield KIND.problem(reason, path, suggestion=KIND.right)
    outlets = [((path[1], name_of(asset)), path) for asset, path in updated(survey)]
    for index in {stage for (stage, _), _ in outlets}:
        names = [(name, path) for (stage, name), path in outlets if stage == index]
        for name, path in repeated(names):
            yield KIND.problem(f"{shown(name)} stands there twice.", path, suggestion="Name each once.")


def _refused(text: str) -> str | None:
    if not text.strip():
        return "The name is empty."
    if len(text) > _LONGEST:
        return f"{shown(text)} has {len(text)} characters."
    if text in _RESERVED or text.lower().startswith("airflow:"):
        return f"{shown(text)} is reserved by Airflow."
    return None
