"""Who may decide and when it is decided: all small worlds, against the rules written down once more."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_codepipeline.definition.extension import Approvers
from airflow_codepipeline.execution.approval import (
    Answer,
    Person,
    out_of_reach,
    refusal,
    standing,
    who_may,
    with_decision,
    with_standing,
    without_standing,
)

ADA = Person("1", "ada", ("dev",))
GRACE = Person("2", "grace", ("dev", "release-manager"))
LINUS = Person("3", "linus")
NOBODY = Person("", "unknown")
PEOPLE = (ADA, GRACE, LINUS, NOBODY)
USERS = (None, ("ada",), ("ada", "2"), ("nobody",))
ROLES = (None, ("release-manager",), ("ops", "dev"))
STARTERS = (None, "ada", "grace")


def all_approvers():
    for users, roles, required, exclude in product(USERS, ROLES, (1, 2, 3), (False, True)):
        yield Approvers(users=users, roles=roles, required=required, exclude_starter=exclude)


def may_decide(approvers, person, starter):
    """The rules, in another way: by the sets that a person would have to be in."""
    if approvers is None:
        return True
    if person is NOBODY or (approvers.exclude_starter and person.name == starter):
        return False
    named = {"ada": ADA, "2": GRACE}
    allowed = {named[user].id for user in approvers.users or () if user in named}
    allowed |= {other.id for other in PEOPLE for role in other.roles if role in (approvers.roles or ())}
    everybody = not approvers.users and not approvers.roles
    return everybody or person.id in allowed


def decide(approvers, starter, answers):
    decisions = ()
    for number, (person, status) in enumerate(answers):
        answer = Answer(status=status, comment="", at=f"2026-11-23T12:00:0{number}+00:00")
        decisions = with_decision(approvers, starter, decisions, person, answer)
    return decisions


@pytest.mark.parametrize("starter", STARTERS)
def test_nobody_decides_who_may_not_and_everybody_who_may(starter):
    for approvers, person in product((None, *all_approvers()), PEOPLE):
        refused = refusal(approvers, person, starter)
        assert (refused is None) == may_decide(approvers, person, starter), (approvers, person)


@pytest.mark.parametrize("starter", STARTERS)
def test_it_is_decided_by_one_rejection_or_by_enough_different_people(starter):
    one = list(product(PEOPLE, ("Approved", "Rejected")))
    for approvers in (None, *all_approvers()):
        for answers in [(), *product(one), *product(one, one)]:
            counted = [item for item in answers if may_decide(approvers, item[0], starter)]
            approved = {person.id for person, status in counted if status == "Approved"}
            rejected = any(status == "Rejected" for _, status in counted)
            missing = max(0, (approvers.required if approvers else 1) - len(approved))
            expected = "Rejected" if rejected else None if missing else "Approved"
            now = standing(approvers, decide(approvers, starter, answers))
            assert (now.status, now.missing) == (expected, missing), (approvers, answers)


answers_of = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from(["Approved", "Rejected"])), max_size=8
)


@given(st.sampled_from(list(all_approvers())), st.sampled_from(STARTERS), answers_of)
def test_every_answer_is_kept_and_only_counted_ones_decide(approvers, starter, answers):
    decisions = decide(approvers, starter, answers)
    assert [(made.by, made.status) for made in decisions] == [(who.name, status) for who, status in answers]
    assert all(made.counted != bool(made.reason) for made in decisions)
    assert standing(approvers, [made for made in decisions if made.counted]) == standing(approvers, decisions)
    assert len({made.by_id for made in decisions if made.counted and made.status == "Approved"}) == len(
        [made for made in decisions if made.counted and made.status == "Approved"]
    )


@given(st.sampled_from(list(all_approvers())), st.sampled_from(STARTERS), answers_of)
def test_the_same_answer_read_twice_after_a_crash_is_taken_once(approvers, starter, answers):
    decisions = decide(approvers, starter, answers)
    again = decisions
    for number, (person, status) in enumerate(answers):
        answer = Answer(status=status, comment="", at=f"2026-11-23T12:00:0{number}+00:00")
        again = with_decision(approvers, starter, again, person, answer)
    assert again == decisions


def test_a_second_approval_of_the_same_person_does_not_count_and_says_so():
    approvers = Approvers(users=("ada", "grace"), required=2)
    decisions = decide(approvers, None, [(ADA, "Approved"), (ADA, "Approved")])
    assert decisions[1].reason == "ada has approved already; 1 approval is missing."
    assert refusal(approvers, ADA, None, decisions).repeated
    assert refusal(approvers, GRACE, None, decisions) is None


def test_who_has_approved_may_still_reject():
    approvers = Approvers(required=2)
    assert (
        standing(approvers, decide(approvers, None, [(ADA, "Approved"), (ADA, "Rejected")])).status
        == "Rejected"
    )


def test_a_refusal_says_who_may():
    approvers = Approvers(users=("ada",), roles=("release-manager",), exclude_starter=True)
    assert refusal(approvers, LINUS, "ada").message == (
        "linus may not decide: ada or anybody with the role release-manager, "
        "except ada, who started the execution, may."
    )
    assert who_may(Approvers(), None) == "anybody"


@pytest.mark.parametrize("starter", STARTERS)
def test_an_approval_is_out_of_reach_when_too_few_are_left(starter):
    approvers = Approvers(users=("ada", "grace"), required=2, exclude_starter=True)
    assert bool(out_of_reach(approvers, starter)) == (starter is not None)
    assert out_of_reach(Approvers(users=("ada",), roles=("dev",), required=2), starter) is None
    assert out_of_reach(None, starter) is None


def test_a_question_shows_who_has_approved_and_how_many_are_missing():
    approvers = Approvers(users=("a_da", "grace"), required=2)
    first = with_standing("Ship it?\n\n---\n\nReally?", approvers, (), None)
    assert first.endswith("\n\n---\n\n2 approvals are missing: a\\_da or grace may decide.")
    decisions = decide(approvers, None, [(GRACE, "Approved")])
    second = with_standing(without_standing(first), approvers, decisions, None)
    assert second == (
        "Ship it?\n\n---\n\nReally?\n\n---\n\n"
        "Approved by grace. 1 approval is missing: a\\_da or grace may decide."
    )
    assert with_standing("Ship it?", None, (), None) == "Ship it?"
