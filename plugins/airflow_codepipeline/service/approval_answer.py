"""Whether somebody may give an answer to an approval: the one place that says so, whoever carries it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.dag.decisions import APPROVE, COMMENT, COMMENT_CHARACTERS, ROLES
from airflow_codepipeline.errors import CodePipelineError
from airflow_codepipeline.execution.approval import refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.execution.approval import Person
    from airflow_codepipeline.service.approval_question import Question


class AnswerRefusedError(CodePipelineError):
    """An answer is not to be stored.

    :param status: what HTTP calls it: 400, 403 or 409.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def checked_answer(question: Question, person: Person, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer as Airflow may store it: `params_input` has the mark that the approval's task trusts.

    :param payload: `{"chosen_options": ["Approve"], "params_input": {"comment": "…"}}`.
    :raises AnswerRefusedError: the person may not decide or has approved already, or the comment is no text
        of up to 512 characters.
    """
    given = payload.get("params_input")
    comment = given.get(COMMENT) if isinstance(given, dict) else None
    if comment is not None and not (isinstance(comment, str) and len(comment) <= COMMENT_CHARACTERS):
        raise AnswerRefusedError(400, f"The comment is a text of up to {COMMENT_CHARACTERS} characters.")
    approves = payload.get("chosen_options") == [APPROVE]
    decisions = question.decisions if approves else ()
    refused = refusal(question.approvers, person, question.starter, decisions)
    if refused is not None:
        raise AnswerRefusedError(409 if refused.repeated else 403, refused.message)
    marked = {COMMENT: comment or "", ROLES: list(person.roles)}
    return {**payload, "params_input": marked if given is None or isinstance(given, dict) else given}


def without_mark(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer without the mark: nobody gives it to themselves."""
    given = payload.get("params_input")
    if not isinstance(given, dict):
        return dict(payload)
    return {**payload, "params_input": {key: value for key, value in given.items() if key != ROLES}}
