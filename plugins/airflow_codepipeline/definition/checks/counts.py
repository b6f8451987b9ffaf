"""How many artifacts an action has, held against what its type takes: for inputs and outputs alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.action_types.catalogue import action_type
from airflow_codepipeline.definition.findings import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Kind, Problem


def outside(survey: Survey, kind: Kind, direction: str) -> Iterator[Problem]:
    """Find counts outside the action type's bounds.

    :param direction: `input` or `output`.
    """
    for placed in survey.actions:
        known = action_type(placed.action.action_type_id)
        if known is None:
            continue
        count = len(getattr(placed.action, f"{direction}_artifacts"))
        least, most = getattr(known, f"{direction}s")
        if not least <= count <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            yield kind.problem(
                f"{shown(placed.action.name)} has {count} {direction} artifacts; "
                f"{known.provider} takes {wanted}.",
                (*placed.path, f"{direction}Artifacts"),
            )
