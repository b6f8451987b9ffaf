"""Assets in a schedule are a list, or a mapping that says one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.assets import expressions
from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP228",
    severity="error",
    what="Assets in `airflow.schedule` are none at all, or a mapping of them says two things or nothing.",
    right="A list, `{any: [...]}`, `{all: [...]}`, or an asset as `{name: ..., uri: ...}`.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find assets that Airflow could not wait for."""
    for given, path in expressions(survey):
        if isinstance(given, tuple):
            if not given:
                yield KIND.problem("The list is empty.", path, suggestion="Name an asset.")
            continue
        said = [key for key in ("any", "all", "name", "uri") if getattr(given, key) is not None]
        if said not in (["any"], ["all"], ["name", "uri"]):
            has = f"has {' and '.join(said)}" if said else "is empty"
            yield KIND.problem(f"The mapping {has}.", path, suggestion=KIND.right)
