"""Who may decide about an approval, whose decision counts, and when it is decided. Pure.

CodePipeline takes one decision of one principal (PutApprovalResult). Who that may be, how many of them, and
never the one who started the execution, is an extension: `airflow: {approvers: …}`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from airflow_codepipeline.execution.records import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_codepipeline.definition.extension import Approvers
    from airflow_codepipeline.definition.model import Action, Pipeline

ApprovalStatus = Literal["Approved", "Rejected"]
"""The statuses of a decision (CodePipeline API, ApprovalStatus)."""

_SEPARATOR = "\n\n---\n\n"
_MARKDOWN = re.compile(r"([\\`*_\[\]<>])")


@dataclass(frozen=True, slots=True)
class Person:
    """Who answers, as Airflow's auth manager knows them.

    :param id: the auth manager's own id; empty where nobody knows who it was.
    :param name: the user name.
    :param roles: the names of their roles, where they are known.
    """

    id: str
    name: str
    roles: tuple[str, ...] = ()

    def is_called(self, text: str) -> bool:
        """Tell whether a definition, or a DAG run, means this person."""
        return text in {self.id, self.name}


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered.

    :param at: when, ISO 8601.
    """

    status: ApprovalStatus
    comment: str
    at: str


class Decision(Record, frozen=True, kw_only=True):
    """One answer to an approval.

    :param by: the user name of who gave it.
    :param by_id: their id.
    :param at: when, ISO 8601.
    :param counted: whether it counts; `reason` says why it does not.
    """

    by: str
    by_id: str
    status: ApprovalStatus
    comment: str
    at: str
    counted: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an answer does not count.

    :param repeated: whether the person may decide, and has approved before.
    """

    message: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How an approval stands.

    :param status: none while it is open.
    :param approved_by: the names of those who approved.
    :param missing: how many approvals are missing.
    """

    status: ApprovalStatus | None
    approved_by: tuple[str, ...]
    missing: int


def approvers_of(pipeline: Pipeline, action: Action) -> Approvers | None:
    """Return who may decide about an approval: what the action says, or else its pipeline."""
    return action.airflow.approvers or pipeline.airflow.approvers


def refusal(
    approvers: Approvers | None, person: Person, starter: str | None, decisions: Sequence[Decision] = ()
) -> Refusal | None:
    """Return why a person's approval would not count; none where it would.

    :param approvers: none: whoever may answer in Airflow.
    :param starter: the user name of who started the execution; none: it was no person.
    :param decisions: those made so far.
    """
    if approvers is None:
        return None
    if not person.id:
        return Refusal("It is not known who answered.")
    if approvers.exclude_starter and starter and person.is_called(starter):
        return Refusal(f"{person.name} started this execution and may not decide about it.")
    if not _is_named(approvers, person):
        return Refusal(f"{person.name} may not decide: {who_may(approvers, starter)} may.")
    if any(made.counted and made.status == "Approved" and made.by_id == person.id for made in decisions):
        missing = _count(standing(approvers, decisions).missing)
        return Refusal(f"{person.name} has approved already; {missing} missing.", repeated=True)
    return None


def with_decision(
    approvers: Approvers | None,
    starter: str | None,
    decisions: Sequence[Decision],
    person: Person,
    answer: Answer,
) -> tuple[Decision, ...]:
    """Return the decisions with one more, which counts or does not; the same answer is taken once.

    A rejection counts even of somebody who has approved before: they changed their mind.
    """
    if any((made.by_id, made.at) == (person.id, answer.at) for made in decisions):
        return tuple(decisions)
    before = decisions if answer.status == "Approved" else ()
    refused = refusal(approvers, person, starter, before)
    made = Decision(
        by=person.name,
        by_id=person.id,
        status=answer.status,
        comment=answer.comment,
        at=answer.at,
        counted=refused is None,
        reason=refused.message if refused else None,
    )
    return (*decisions, made)


def standing(approvers: Approvers | None, decisions: Sequence[Decision]) -> Standing:
    """Tell whether an approval is decided: by a single rejection, or by enough different people."""
    counted = [made for made in decisions if made.counted]
    approved = {made.by_id: made.by for made in counted if made.status == "Approved"}
    missing = max(0, (approvers.required if approvers else 1) - len(approved))
    status: ApprovalStatus | None = None if missing else "Approved"
    if any(made.status == "Rejected" for made in counted):
        status = "Rejected"
    return Standing(status, tuple(approved.values()), missing)


def out_of_reach(approvers: Approvers | None, starter: str | None) -> str | None:
    """Return why an approval can never be given; none where it can."""
    if approvers is None or approvers.roles or not approvers.users:
        return None
    left = set(approvers.users) - ({starter} if approvers.exclude_starter else set())
    if len(left) >= approvers.required:
        return None
    without = f" without {starter}, who started the execution" if starter in approvers.users else ""
    return f"{_count(approvers.required)} needed, and {len(left)} may decide{without}."


def who_may(approvers: Approvers, starter: str | None) -> str:
    """Return who may decide, as the subject of a sentence."""
    groups = [*(approvers.users or ()), *(f"anybody with the role {role}" for role in approvers.roles or ())]
    text = " or ".join(filter(None, [", ".join(groups[:-1]), groups[-1]])) if groups else "anybody"
    excluded = approvers.exclude_starter and starter
    return f"{text}, except {starter}, who started the execution," if excluded else text


def with_standing(
    body: str, approvers: Approvers | None, decisions: Sequence[Decision], starter: str | None
) -> str:
    """Return the text of a question, in Markdown, with who may decide and how it stands at its end."""
    if approvers is None:
        return body
    now = standing(approvers, decisions)
    done = f"Approved by {', '.join(now.approved_by)}. " if now.approved_by else ""
    open_ = f"{_count(now.missing)} missing: {who_may(approvers, starter)} may decide."
    text = _plain(done + (open_ if now.missing else "")).strip()
    return f"{body}{_SEPARATOR}{text}"


def without_standing(body: str) -> str:
    """Return the text of a question without what `with_standing` added."""
    asked, separator, last = body.rpartition(_SEPARATOR)
    return asked if separator else last


def _is_named(approvers: Approvers, person: Person) -> bool:
    if not approvers.users and not approvers.roles:
        return True
    by_name = any(person.is_called(user) for user in approvers.users or ())
    return by_name or bool(set(approvers.roles or ()) & set(person.roles))


def _count(number: int) -> str:
    return "1 approval is" if number == 1 else f"{number} approvals are"


def _plain(text: str) -> str:
    """Return a text in which Markdown finds nothing to format."""
    return _MARKDOWN.sub(r"\\\1", text)
