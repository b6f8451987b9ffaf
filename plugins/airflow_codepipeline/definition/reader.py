"""Text to model to findings.

The DAG factory reads every definition at every parse, so the way of a good file is short: bytes to
model, then the checks. Where anything is wrong the file is read a second time, slowly, to say all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.definition import json_text, template
from airflow_codepipeline.definition.findings import Kind, shown
from airflow_codepipeline.definition.model import Pipeline
from airflow_codepipeline.definition.text import (
    NOT_A_PIPELINE,
    UNREADABLE,
    Document,
    Places,
    UnreadableError,
    decode,
    read_bytes,
)
from airflow_codepipeline.definition.variables_file import read_variables, variables_path
from airflow_codepipeline.errors import DefinitionError
from airflow_codepipeline.settings import definition_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from airflow_codepipeline.definition.findings import Finding, Problem
    from airflow_codepipeline.definition.findings import Path as FindingPath

SUFFIXES = frozenset({".json", ".yaml", ".yml"})

NAME_IS_NOT_STEM = Kind(
    id="CP014",
    severity="error",
    what="The file's name is not the pipeline's name, so the pipeline could not be found by its name.",
    right="A file `<name of the pipeline>.yaml` or `.json`.",
)
TWIN = Kind(
    id="CP015",
    severity="error",
    what="Another file of the folder declares the pipeline too, and is taken in the place of this one.",
    right="One file for each pipeline.",
)
KINDS = (NAME_IS_NOT_STEM, TWIN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """What one file gave.

    :param pipeline: none where the file is so wrong that there is no model of it.
    :param findings: everything there is to say, by place.
    """

    pipeline: Pipeline | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that forbid to use the definition."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """What `get-pipeline` prints around a declaration."""

    pipeline: Pipeline
    metadata: Any = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Source:
    """The text of a file, rendered where it is a template.

    :param lines_kept: whether a line of the text is the same line of the file.
    """

    content: bytes
    lines_kept: bool = True


def read_pipeline(path: Path, *, variables: Mapping[str, Any] | None = None, check: bool = True) -> Pipeline:
    """Return the pipeline that a file declares.

    :param variables: the values of the Jinja2 variables; none: the environment's variables file.
    :param check: whether the checks of severity error are made. A process that runs one task of a DAG
        need not: the DAG would not exist if they had failed.
    :raises DefinitionError: with every finding of severity error.
    """
    checked = _error_problems if check else _nothing
    if path.suffix == ".json":
        pipeline = _read_json_quickly(path, variables)
        if pipeline is not None and not _name_problems(path, pipeline) and not checked(pipeline):
            return pipeline
    examined = _examine(path, variables, checked)
    if examined.errors or examined.pipeline is None:
        raise DefinitionError(examined.errors)
    return examined.pipeline


def examine(path: Path, *, variables: Mapping[str, Any] | None = None) -> Examined:
    """Return everything there is to say about a file; it never raises for what the file holds.

    :param variables: the values of the Jinja2 variables; none: the environment's variables file.
    """
    return _examine(path, variables, _all_problems)


def _all_problems(pipeline: Pipeline) -> list[Problem]:
    from airflow_codepipeline.definition.checks import registry

    return registry.problems(pipeline, registry.CHECKS)


def _error_problems(pipeline: Pipeline) -> list[Problem]:
    # The checks are some fifty modules: only a process that checks imports them.
    from airflow_codepipeline.definition.checks import registry

    return registry.problems(pipeline, registry.ERROR_CHECKS)


def _nothing(_pipeline: Pipeline) -> list[Problem]:
    return []


def _read_json_quickly(path: Path, variables: Mapping[str, Any] | None) -> Pipeline | None:
    """Return the pipeline of a file that is good and plain, or none: then it needs a closer look."""
    try:
        content = _source(path, variables).content
        if json_text.has_duplicate_keys(content):
            return None
        try:
            return msgspec.json.decode(content, type=Pipeline)
        except msgspec.ValidationError:
            return msgspec.json.decode(content, type=_Envelope).pipeline
    except (UnreadableError, msgspec.MsgspecError, RecursionError, ValueError):
        return None


def _examine(
    path: Path, variables: Mapping[str, Any] | None, check: Callable[[Pipeline], list[Problem]]
) -> Examined:
    try:
        source = _source(path, variables)
        document = _load(path, source.content)
        data, base = _declaration(document)
    except UnreadableError as error:
        return Examined(pipeline=None, findings=_place(path, error.problems, Places({}, {}), ()))
    pipeline, problems = _model(data, document, base)
    found = [problem.inside(base) for problem in document.problems]
    problems = [*found, *_envelope_problems(document, base), *problems]
    if pipeline is not None:
        problems += _name_problems(path, pipeline)
        problems += check(pipeline)
    if not problems:
        return Examined(pipeline=pipeline, findings=())
    places = document.places if source.lines_kept else Places({}, {})
    return Examined(pipeline=pipeline, findings=_place(path, problems, places, base))


def _source(path: Path, variables: Mapping[str, Any] | None) -> _Source:
    if path.suffix not in SUFFIXES:
        raise UnreadableError(
            UNREADABLE.problem(f"{shown(path.name)} is no definition.", suggestion=UNREADABLE.right)
        )
    content = read_bytes(path)
    if not template.is_template(content):
        return _Source(content=content)
    text = decode(content)
    values_path = variables_path(path)
    values = read_variables(values_path) if variables is None else variables
    rendered = template.render(text, values, values_file="/".join(values_path.parts[-3:]))
    return _Source(content=rendered.encode(), lines_kept=rendered.count("\n") == text.count("\n"))


def _load(path: Path, content: bytes) -> Document:
    if path.suffix == ".json":
        return json_text.load(content)
    from airflow_codepipeline.definition import yaml_text

    return yaml_text.load(content)


def _declaration(document: Document) -> tuple[dict[str, Any], FindingPath]:
    """Return the declaration in a document, and the path to it.

    :raises UnreadableError: there is none.
    """
    data = document.data
    if data is None:
        raise UnreadableError(NOT_A_PIPELINE.problem("The file is empty.", suggestion=NOT_A_PIPELINE.right))
    if not isinstance(data, dict):
        message = "The top of the file is not a mapping."
        raise UnreadableError(
            NOT_A_PIPELINE.problem(message, suggestion=NOT_A_PIPELINE.right, position=(1, 1))
        )
    if "Resources" in data and "stages" not in data:
        raise UnreadableError(
            NOT_A_PIPELINE.problem(
                "This is a CloudFormation template.",
                suggestion="`codepipeline import` makes definitions of it.",
                position=(1, 1),
            )
        )
    if "pipeline" in data and "stages" not in data:
        inner = data["pipeline"]
        return inner, ("pipeline",)
    return data, ()


def _envelope_problems(document: Document, base: FindingPath) -> list[Problem]:
    unknown = [key for key in document.data if key not in ("pipeline", "metadata")] if base else []
    if not unknown:
        return []
    from airflow_codepipeline.definition.shape import UNKNOWN_KEY

    return [
        UNKNOWN_KEY.problem(
            f"Unknown key {shown(key)} beside 'pipeline'.",
            suggestion="Only 'metadata' may stand there.",
            position=document.places.position((str(key),)),
        )
        for key in unknown
    ]


def _model(data: Any, document: Document, base: FindingPath) -> tuple[Pipeline | None, list[Problem]]:
    """Return the model of a declaration, if what is wrong leaves one, and what is wrong."""
    try:
        return msgspec.convert(data, Pipeline), []
    except msgspec.ValidationError:
        from airflow_codepipeline.definition.shape import Shape

        shape = Shape(document.places, base)
        plain = shape.read(data, Pipeline)
        return (msgspec.convert(plain, Pipeline) if shape.readable else None), shape.problems


def _name_problems(path: Path, pipeline: Pipeline) -> list[Problem]:
    if pipeline.name == path.stem:
        return _twin_problems(path)
    message = f"The pipeline is {shown(pipeline.name)}, its file is {shown(path.name)}."
    suggestion = (
        f"Rename the file to {shown(pipeline.name + path.suffix)}, or the pipeline to {shown(path.stem)}."
    )
    return [NAME_IS_NOT_STEM.problem(message, ("name",), suggestion=suggestion)]


def _twin_problems(path: Path) -> list[Problem]:
    taken = definition_of(path.parent, path.stem)
    if taken is None or taken.name == path.name:
        return []
    message = f"{shown(taken.name)} declares the pipeline too, and is taken in the place of this file."
    return [TWIN.problem(message, ("name",), suggestion="Remove one of the two.")]


def _place(path: Path, problems: Iterable[Problem], places: Places, base: FindingPath) -> tuple[Finding, ...]:
    found = [
        problem.finding(file=str(path), position=places.position((*base, *problem.path)))
        for problem in problems
    ]
    return tuple(sorted(found, key=lambda finding: (finding.line, finding.column, finding.id, finding.path)))
