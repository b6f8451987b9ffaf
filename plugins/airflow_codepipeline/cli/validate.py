"""`codepipeline validate`: every finding in definitions, for people, programs and GitHub."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import Enum
from pathlib import Path  # noqa: TC003 typer evaluates the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from airflow_codepipeline.cli.definitions import definition_files
from airflow_codepipeline.definition.reader import examine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow_codepipeline.definition.findings import Finding


class Format(Enum):
    """How the findings are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def validate(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Definitions, or folders of definitions.", show_default=False),
    ],
    output_format: Annotated[
        Format, typer.Option("--format", help="text for people, json for programs, github for its log.")
    ] = Format.TEXT,
) -> None:
    """Check definitions and say everything that is wrong.

    Exit code 0: no errors; warnings may be there. 1: errors. 2: the command line is wrong.
    """
    files = definition_files(paths)
    findings = [finding for file in files for finding in examine(file).findings]
    typer.echo(_FORMATS[output_format](findings, len(files)))
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(1)


def _as_text(findings: Sequence[Finding], files: int) -> str:
    errors = sum(finding.severity == "error" for finding in findings)
    counts = (
        f"{_count(files, 'file')}: {_count(errors, 'error')}, {_count(len(findings) - errors, 'warning')}."
    )
    return "\n".join([*(str(finding) for finding in findings), counts])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _as_json(findings: Sequence[Finding], files: int) -> str:
    return json.dumps({"files": files, "findings": [asdict(finding) for finding in findings]}, indent=2)


def _as_github(findings: Sequence[Finding], _files: int) -> str:
    return "\n".join(map(_annotation, findings))


def _annotation(finding: Finding) -> str:
    """Return a workflow command (GitHub Actions, "Workflow commands", Setting an error message)."""
    place = f"file={_escaped(finding.file)}"
    if finding.line:
        place += f",line={finding.line},col={finding.column}"
    at = f"{finding.path}: " if finding.path else ""
    message = _escaped(f"{at}{finding.message} {finding.suggestion}".strip(), value=False)
    return f"::{finding.severity} {place},title={finding.id}::{message}"


def _escaped(text: str, *, value: bool = True) -> str:
    escapes = {"%": "%25", "\r": "%0D", "\n": "%0A"} | ({":": "%3A", ",": "%2C"} if value else {})
    return "".join(escapes.get(character, character) for character in text)


_FORMATS: dict[Format, Callable[[Sequence[Finding], int], str]] = {
    Format.TEXT: _as_text,
    Format.JSON: _as_json,
    Format.GITHUB: _as_github,
}
