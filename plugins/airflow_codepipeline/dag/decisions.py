"""The answers to an approval: what Airflow says of one, and the book in which they are kept.

Airflow keeps one answer for each task; asking again removes it. So each is stored, with the attempt that it
belongs to, before anything is asked again: in the store that survives retries and crashes.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.execution.approval import Answer, Decision, Person, standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_codepipeline.dag.job_ledger import Store
    from airflow_codepipeline.definition.extension import Approvers

APPROVE = "Approve"
REJECT = "Reject"
COMMENT = "comment"
COMMENT_CHARACTERS = 512
"""CodePipeline API, ApprovalSummary."""
ROLES = "codepipeline.roles"
"""Beside the comment, an answer's mark: the roles of who gave it. Only the API server knows them; its guard
(`web/approval_guard.py`) writes them into every answer and lets nobody else do it."""
XCOM_KEY = "approval"
_KEY = "codepipeline_approval"


class _Page(msgspec.Struct, frozen=True, kw_only=True):
    action_execution_id: str
    decisions: tuple[Decision, ...]


class DecisionBook:
    """The decisions about one attempt at an approval; those about another attempt do not count.

    :param action_execution_id: the attempt.
    """

    def __init__(self, store: Store, action_execution_id: str) -> None:
        self._store = store
        self._attempt = action_execution_id

    def read(self) -> tuple[Decision, ...]:
        """Return the decisions so far, in their order."""
        value = self._store.get(_KEY)
        page = None if value is None else msgspec.convert(value, _Page)
        return page.decisions if page and page.action_execution_id == self._attempt else ()

    def write(self, decisions: tuple[Decision, ...]) -> None:
        """Keep the decisions."""
        page = _Page(action_execution_id=self._attempt, decisions=decisions)
        self._store.set(_KEY, to_json_value(page))


def person_of(event: Mapping[str, Any]) -> Person:
    """Return who answered, from Airflow's event of an answer."""
    user = event["responded_by_user"] or {}
    roles = (event["params_input"] or {}).get(ROLES)
    return Person(
        id=str(user.get("id") or ""),
        name=str(user.get("name") or user.get("id") or "unknown"),
        roles=tuple(map(str, roles)) if isinstance(roles, list) else (),
    )


def answer_of(event: Mapping[str, Any]) -> Answer:
    """Return what was answered, from Airflow's event of an answer."""
    comment = (event["params_input"] or {}).get(COMMENT)
    return Answer(
        status="Approved" if event["chosen_options"] == [APPROVE] else "Rejected",
        comment=comment[:COMMENT_CHARACTERS] if isinstance(comment, str) else "",
        at=event["responded_at"].astimezone(UTC).isoformat(),
    )


def approval_xcom(approvers: Approvers | None, decisions: Sequence[Decision]) -> dict[str, Any]:
    """Return the XCom `approval`: how it stands, the decision that says so, and all of them.

    :param decisions: one at least.
    """
    status = standing(approvers, decisions).status
    deciding = next((made for made in reversed(decisions) if made.counted), decisions[-1])
    return {
        "status": status or "InProgress",
        "summary": deciding.comment,
        "by": deciding.by,
        "at": deciding.at,
        "decisions": [to_json_value(made) for made in decisions],
    }
