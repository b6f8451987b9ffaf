"""Assumed values that the place of a variable allows: a role's ARN, a bucket's name, a number."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_codepipeline.importing.cloudformation.assumed import ACCOUNT, REGION
from airflow_codepipeline.importing.labels import slug
from airflow_codepipeline.importing.values import Mapping, Sequence, Text, Unknown, unknowns_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from airflow_codepipeline.definition.findings import Path, Problem
    from airflow_codepipeline.definition.model import Pipeline


_REGION = re.compile(r"[a-z]{2,3}(-[a-z]+)+-\d+")
_REGIONS = ("us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1", *(f"region-{n}" for n in range(50)))


class Verdict(NamedTuple):
    """What a declaration is with the assumed values.

    :param pipeline: its model; none: it cannot be read.
    """

    pipeline: Pipeline | None
    problems: list[Problem]

    def weight(self, doubted: Problem) -> tuple[bool, bool, int, int]:
        """How much is wrong, above all whether an error that is doubted is still there; less is better."""
        errors = [problem for problem in self.problems if problem.kind.severity == "error"]
        stays = any((error.kind, error.path) == (doubted.kind, doubted.path) for error in errors)
        return self.pipeline is None, stays, len(errors), len(self.problems)


def settled(declaration: Mapping, judge: Callable[[Mapping], Verdict]) -> Verdict:
    """Assume other values, in place, where something is wrong with them; return what is left to say."""
    verdict = judge(declaration)
    # A region that is a key has got its value already, apart from those of the other stores.
    stores = declaration.get("artifactStores")
    keys = list(stores) if isinstance(stores, Mapping) else []
    tried = {piece.name for piece in unknowns_in(keys)}
    while (doubt := next(_doubts(declaration, verdict.problems, tried), None)) is not None:
        problem, piece = doubt
        tried.add(piece.name)
        best, kept = verdict, piece.assumed
        for candidate in (*problem.allowed, *_candidates(piece)):
            fitted(declaration, {piece.name: candidate})
            other = judge(declaration)
            if other.weight(problem) < best.weight(problem):
                best, kept = other, candidate
        fitted(declaration, {piece.name: kept})
        verdict = best
    return verdict


def _doubts(
    declaration: Mapping, problems: Iterable[Problem], tried: set[str]
) -> Iterator[tuple[Problem, Unknown]]:
    """Yield what is wrong where something is assumed, and what that is."""
    for problem in problems:
        text = _at(declaration, problem.path)
        for piece in text.unknowns if isinstance(text, Text) else ():
            if piece.known is None and piece.name not in tried:
                yield problem, piece


def _candidates(piece: Unknown) -> Iterator[str]:
    plain = slug(piece.name)
    if "region" in plain:
        yield REGION
    yield from (plain, f"{plain}-value", f"arn:aws:iam::{ACCOUNT}:role/{plain}")
    yield from ("1", "60", "false", ACCOUNT, REGION)
    yield from (piece.assumed[:most].rstrip("-") for most in (40, 30, 20, 10))


def guesses(piece: Unknown) -> Iterator[str]:
    """Yield the values that an import is likely to have assumed for an unknown, in this run or before."""
    yield piece.assumed
    yield from _candidates(piece)


def regions_apart(stores: Any, used: Iterable[str]) -> dict[str, str]:
    """Return other assumed values, by name, for regions of stores that are none, or would be the same.

    :param used: regions that actions name, each of which wants a store.
    """
    fit: dict[str, str] = {}
    items = stores if isinstance(stores, list) else ()
    declared = (item.get("Region") for item in items if isinstance(item, Mapping))
    regions = [region for region in declared if isinstance(region, str)]
    taken = {region for region in regions if not isinstance(region, Text)}
    wanted = [region for region in dict.fromkeys(used) if region not in taken]
    unknown = [region for region in regions if isinstance(region, Text) and len(region.pieces) == 1]
    for region in sorted(
        unknown, key=lambda item: (item not in wanted, item.unknowns[0].was == "AWS::Region")
    ):
        plain = str(region)
        if plain not in wanted and (wanted or not _is_free(plain, taken)):
            plain = next(name for name in (*wanted, *_REGIONS) if name not in taken)
            fit[region.unknowns[0].name] = plain
        taken.add(plain)
        wanted = [name for name in wanted if name not in taken]
    return fit


def _is_free(region: str, taken: set[str]) -> bool:
    return region not in taken and _REGION.fullmatch(region) is not None


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


def renamed(value: Any, name: str, other: Unknown) -> Any:
    """Return a value, its keys too, with another unknown in the place of the one of a name."""
    if isinstance(value, Text):
        same = (isinstance(piece, Unknown) and piece.name == name for piece in value.pieces)
        return Text(tuple(other if is_it else piece for is_it, piece in zip(same, value.pieces, strict=True)))
    if isinstance(value, dict):
        return {renamed(key, name, other): renamed(item, name, other) for key, item in value.items()}
    return [renamed(item, name, other) for item in value] if isinstance(value, list) else value


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
    """Return every unknown of a value by its name, in order: a secret where it is one in any place."""
    found: dict[str, Unknown] = {}
    for piece in unknowns_in(value):
        if piece.name not in found or not found[piece.name].secret:
            found[piece.name] = piece
    return found
