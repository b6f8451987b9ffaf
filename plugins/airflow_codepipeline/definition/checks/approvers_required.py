"""An approval can be given: as many people may approve as must."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks.approvers import placed_approvers
from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Problem

KIND = Kind(
    id="CP231",
    severity="error",
    what="`approvers.required` is less than 1, or more than the users that may approve.",
    right="A number from 1 to the number of users; with `roles` there is no upper limit.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find numbers of approvals that nobody needs or nobody can reach."""
    for approvers, path in placed_approvers(survey):
        users = set(approvers.users or ())
        place = (*path, "required")
        if approvers.required < 1:
            yield KIND.problem(
                f"{approvers.required} approvals would approve by themselves.",
                place,
                suggestion="The least is 1.",
            )
        elif users and not approvers.roles and approvers.required > len(users):
            yield KIND.problem(
                f"{approvers.required} approvals of different people, and only {len(users)} may approve.",
                place,
                suggestion=f"At most {len(users)}, or more users, or roles.",
            )
