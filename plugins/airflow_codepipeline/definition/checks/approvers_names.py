"""Approvers are somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.approvers import placed_approvers
from airflow_codepipeline.definition.checks.base import repeated
from airflow_codepipeline.definition.findings import Kind, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

KIND = Kind(
    id="CP232",
    severity="error",
    what="A list of approvers is empty, or has a name that is empty or stands there twice.",
    right="Each name once; without `users` and `roles` anybody may approve who may answer in Airflow.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find lists of approvers that do not say who: an empty one would let anybody approve."""
    for approvers, path in placed_approvers(survey):
        for key, names in (("users", approvers.users), ("roles", approvers.roles)):
            yield from _odd(names, (*path, key))


def _odd(names: tuple[str, ...] | None, path: Path) -> Iterator[Problem]:
    if names == ():
        yield KIND.problem("The list is empty.", path, suggestion="Name somebody, or leave the key out.")
    placed = [(name, (*path, index)) for index, name in enumerate(names or ())]
    for name, place in placed:
        if not name.strip():
            yield KIND.problem("The name is empty.", place, suggestion="A name as Airflow knows it.")
    for name, place in repeated(placed):
        yield KIND.problem(
            f"{shown(name)} stands there twice; everybody counts once.", place, suggestion="Name each once."
        )
