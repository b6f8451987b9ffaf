"""A declaration that was found to a definition that can be written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.definition.checks import registry
from airflow_codepipeline.definition.model import Pipeline
from airflow_codepipeline.definition.shape import MISSING_KEY, Shape
from airflow_codepipeline.importing.api_form import api_form
from airflow_codepipeline.importing.fitting import Verdict, settled, unknowns_by_name
from airflow_codepipeline.importing.found import FoundPipeline, places_of
from airflow_codepipeline.importing.values import Mapping, Sequence, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.findings import Finding, Path, Problem
    from airflow_codepipeline.importing.values import Unknown


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """A definition ready to be written.

    :param pipeline: its model, with the assumed values.
    :param data: its data, where unknown texts are still `Text`.
    """

    found: FoundPipeline
    pipeline: Pipeline
    data: dict[str, Any]
    unknowns: dict[str, Unknown]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """A pipeline that CodePipeline would refuse, and why."""

    found: FoundPipeline
    findings: tuple[Finding, ...]


def define(found: FoundPipeline) -> Definition | Refused:
    """Return the definition of what was found, or why there is none."""
    pipeline, problems = settled(found.declaration, _judged)
    findings = _findings(found, problems)
    if pipeline is None or any(finding.severity == "error" for finding in findings):
        return Refused(found=found, findings=findings)
    data = api_form(pipeline)
    _overlay(data, found.declaration)
    return Definition(
        found=found,
        pipeline=pipeline,
        data=data,
        unknowns=unknowns_by_name(data),
        findings=findings,
    )


def _judged(declaration: Mapping) -> Verdict:
    shape = Shape(places_of(declaration))
    plain = shape.read(_plain(declaration), Pipeline)
    if not shape.readable:
        return Verdict(None, shape.problems)
    pipeline = msgspec.convert(plain, Pipeline)
    checked = registry.problems(pipeline, registry.CHECKS)
    return Verdict(pipeline, [*shape.problems, *_without_version(plain), *checked])


def _without_version(data: dict[str, Any]) -> Iterator[Problem]:
    """Find action types without a version: a definition of ours has a default, AWS has none."""
    for number, stage in enumerate(data["stages"]):
        for index, action in enumerate(stage["actions"]):
            if "version" not in action["actionTypeId"]:
                path = ("stages", number, "actions", index, "actionTypeId")
                yield MISSING_KEY.problem("The key 'version' is missing.", path)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Text) else value


def _findings(found: FoundPipeline, problems: list[Problem]) -> tuple[Finding, ...]:
    places = places_of(found.declaration)
    findings = {
        problem.finding(file=found.file, position=problem.position or places.position(problem.path)): None
        for problem in (*found.problems, *problems)
    }
    return tuple(sorted(findings, key=lambda finding: (finding.line, finding.column, finding.id)))


def _overlay(data: dict[str, Any], declaration: Mapping) -> None:
    """Put the texts that are not wholly known back into the data of the model."""
    if "artifactStores" in data:
        # A region may be unknown too, and it is a key.
        stores = data["artifactStores"]
        data["artifactStores"] = {key: stores[str(key)] for key in declaration["artifactStores"]}
    for path, text in _texts(declaration, ()):
        place: Any = data
        for key in path[:-1]:
            place = place[key] if isinstance(key, int) else place.setdefault(key, {})
        place[path[-1]] = text


def _texts(value: Any, path: Path) -> list[tuple[Path, Text]]:
    if isinstance(value, Text):
        return [(path, value)]
    if isinstance(value, Mapping):
        return [found for key, item in value.items() for found in _texts(item, (*path, key))]
    if isinstance(value, Sequence):
        return [found for index, item in enumerate(value) for found in _texts(item, (*path, index))]
    return []
