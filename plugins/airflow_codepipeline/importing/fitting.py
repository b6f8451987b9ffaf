"""Assumed values that the place of a variable allows: a role's ARN, a bucket's name, a number."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.checks.limited import limited
from airflow_codepipeline.importing.cloudformation.assumed import ACCOUNT, REGION
from airflow_codepipeline.importing.labels import slug
from airflow_codepipeline.importing.values import Mapping, Sequence, Text, unknowns_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow_codepipeline.definition.findings import Path, Problem
    from airflow_codepipeline.definition.model import Pipeline
    from airflow_codepipeline.importing.values import Unknown


_REGIONS = ("us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1", *(f"region-{n}" for n in range(50)))


def numbers_wanted(declaration: Mapping, problems: Iterable[Problem]) -> dict[str, str]:
    """Return other assumed values, by name, for the unknowns at the places of problems of shape."""
    fit: dict[str, str] = {}
    for problem in problems:
        text = _at(declaration, problem.path)
        if isinstance(text, Text) and len(text.pieces) == 1 and not text.isdigit():
            fit[text.unknowns[0].name] = "1"
    return fit


def patterns_wanted(declaration: Mapping, pipeline: Pipeline) -> dict[str, str]:
    """Return other assumed values, by name, for the unknowns that break a pattern of the API."""
    fit: dict[str, str] = {}
    for path, value, limit in limited(pipeline):
        text = _at(declaration, path)
        if limit.pattern is None or re.fullmatch(limit.pattern, value) or not isinstance(text, Text):
            continue
        if len(text.unknowns) != 1:
            continue
        piece = text.unknowns[0]
        for candidate in _candidates(piece):
            filled = "".join(part if isinstance(part, str) else candidate for part in text.pieces)
            if re.fullmatch(limit.pattern, filled):
                fit[piece.name] = candidate
                break
    return fit


def _candidates(piece: Unknown) -> Iterator[str]:
    plain = slug(piece.name)
    yield plain
    yield f"arn:aws:iam::{ACCOUNT}:role/{plain}"
    yield from (ACCOUNT, REGION, "1")


def guesses(piece: Unknown) -> Iterator[str]:
    """Yield every value that an import may have assumed for an unknown, in this run or an earlier one."""
    yield piece.assumed
    yield from _candidates(piece)


def regions_apart(stores: Any) -> dict[str, str]:
    """Return other assumed values, by name, for regions of artifact stores that would be the same."""
    fit: dict[str, str] = {}
    taken: set[str] = set()
    items = stores if isinstance(stores, list) else ()
    regions = [item.get("Region") for item in items if isinstance(item, Mapping)]
    for region in sorted(regions, key=lambda item: isinstance(item, Text)):
        if isinstance(region, Text) and str(region) in taken and len(region.pieces) == 1:
            other = next(name for name in _REGIONS if name not in taken)
            fit[region.unknowns[0].name] = other
            taken.add(other)
        elif isinstance(region, str):
            taken.add(str(region))
    return fit


def fitted(value: Any, fit: dict[str, str]) -> Any:
    """Return a value whose unknowns have other assumed values."""
    if isinstance(value, Text):
        return Text(tuple(_fitted_piece(piece, fit) for piece in value.pieces))
    if isinstance(value, Mapping):
        for key, item in value.items():
            value[key] = fitted(item, fit)
    elif isinstance(value, Sequence):
        for index, item in enumerate(value):
            value[index] = fitted(item, fit)
    return value


def _fitted_piece(piece: str | Unknown, fit: dict[str, str]) -> str | Unknown:
    if isinstance(piece, str) or piece.name not in fit or piece.known is not None:
        return piece
    return replace(piece, assumed=fit[piece.name])


def _at(value: Any, path: Path) -> Any:
    for key in path:
        if isinstance(value, Mapping) and key in value:
            value = value[str(key)]
        elif isinstance(value, Sequence) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def unknowns_by_name(value: Any) -> dict[str, Unknown]:
    """Return every unknown of a value by its name, in order."""
    return {piece.name: piece for piece in unknowns_in(value)}
