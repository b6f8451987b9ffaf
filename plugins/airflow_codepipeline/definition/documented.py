"""Every kind of finding, and docs/checks.md made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition import reader, shape, template, text
from airflow_codepipeline.definition.checks import registry

if TYPE_CHECKING:
    from airflow_codepipeline.definition.findings import Kind

_INTRODUCTION = """# What is checked

`codepipeline validate` prints these findings, and a definition with an error among them becomes an import
error in Airflow. Errors would make a run wrong. Warnings are AWS's own limits, which do not matter here,
and what is probably not meant. An id keeps its meaning for ever.

| Id | Severity | What | What would be right |
|---|---|---|---|
"""


def kinds() -> tuple[Kind, ...]:
    """Return every kind of finding, by id."""
    checked = (check.kind for check in registry.CHECKS)
    every = (*text.KINDS, *template.KINDS, *reader.KINDS, *shape.KINDS, *checked)
    return tuple(sorted(every, key=lambda kind: kind.id))


def page() -> str:
    """Return docs/checks.md."""
    rows = (
        " | ".join((f"| {kind.id}", kind.severity, _cell(kind.what), f"{_cell(kind.right)} |"))
        for kind in kinds()
    )
    return _INTRODUCTION + "\n".join(rows) + "\n"


def _cell(sentence: str) -> str:
    return sentence.replace("|", "\\|")
