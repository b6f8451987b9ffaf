"""A third party's action type is one that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.action_types.catalogue import action_type
from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP302",
    severity="warning",
    what="The action type of a third party is not known here, so nothing of it can be checked.",
    right="Nothing is wrong if the type is registered; it needs a job worker.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find third parties' actions whose type is not in the catalogue."""
    for placed in survey.actions:
        type_id = placed.action.action_type_id
        if type_id.owner == "ThirdParty" and action_type(type_id) is None:
            path = (*placed.path, "actionTypeId", "provider")
            yield KIND.problem(f"{type_id} is not in the catalogue.", path, suggestion=KIND.right)
