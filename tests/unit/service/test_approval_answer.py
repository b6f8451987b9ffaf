"""Who may give an answer, and what of it Airflow may store."""

from __future__ import annotations

import pytest

from airflow_codepipeline.dag.decisions import COMMENT, ROLES
from airflow_codepipeline.definition.extension import Approvers
from airflow_codepipeline.execution.approval import Decision, Person
from airflow_codepipeline.service.approval_answer import AnswerRefusedError, checked_answer, without_mark
from airflow_codepipeline.service.approval_question import Place, Question

ADA = Person("1", "ada")
LINUS = Person("3", "linus", ("op",))
BY_ADA = Decision(by="ada", by_id="1", status="Approved", comment="", at="2026-11-23T12:00:00", counted=True)


def question(approvers: Approvers | None, *decisions: Decision, starter: str | None = None) -> Question:
    return Question(Place("shop", "r", "Verify.Release"), approvers, starter, decisions)


def payload(option: str = "Approve", **params):
    return {"chosen_options": [option], "params_input": params}


def test_the_mark_has_the_roles_of_who_answers_whatever_was_sent():
    sent = payload(comment="ok", **{ROLES: ["admin"], "other": 1})
    taken = checked_answer(question(Approvers(roles=("op",))), LINUS, sent)
    assert taken == {"chosen_options": ["Approve"], "params_input": {COMMENT: "ok", ROLES: ["op"]}}
    assert checked_answer(question(None), ADA, {"chosen_options": ["Reject"]}) == payload(
        "Reject", comment="", **{ROLES: []}
    )


def test_who_may_not_decide_is_refused_whatever_they_answer():
    for option in ("Approve", "Reject"):
        with pytest.raises(AnswerRefusedError, match="ada may not decide") as refused:
            checked_answer(question(Approvers(roles=("op",))), ADA, payload(option))
        assert refused.value.status == 403


def test_the_starter_is_refused():
    with pytest.raises(AnswerRefusedError, match="ada started this execution"):
        checked_answer(question(Approvers(exclude_starter=True), starter="ada"), ADA, payload())


def test_a_second_approval_is_refused_and_a_rejection_after_one_is_not():
    asked = question(Approvers(users=("ada", "grace"), required=2), BY_ADA)
    with pytest.raises(AnswerRefusedError, match="ada has approved already") as refused:
        checked_answer(asked, ADA, payload())
    assert refused.value.status == 409
    assert checked_answer(asked, ADA, payload("Reject"))["chosen_options"] == ["Reject"]


@pytest.mark.parametrize("comment", ["x" * 513, 7, ["x"]])
def test_a_comment_that_codepipeline_would_not_take_is_refused(comment):
    with pytest.raises(AnswerRefusedError, match="512 characters") as refused:
        checked_answer(question(None), ADA, payload(comment=comment))
    assert refused.value.status == 400


def test_nobody_marks_an_answer_themselves():
    assert without_mark(payload(comment="ok", **{ROLES: ["op"]})) == payload(comment="ok")
    assert without_mark({"chosen_options": ["Approve"], "params_input": None})["params_input"] is None
