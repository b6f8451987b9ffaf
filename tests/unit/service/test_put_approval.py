"""PutApprovalResult, on approvals that wait in an Airflow database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_codepipeline.dag.approval import approval_token
from airflow_codepipeline.dag.decisions import ROLES
from airflow_codepipeline.execution.approval import Person
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.service.approval import put_approval_result

from .conftest import action, attempt_id, keep, shop, took

ADA = Person("1", "ada", ("op",))


def waiting(database, pipeline, **columns):
    execution = took(database.start("shop")).pass_stage("Build").set(Deploy__enter="success")
    execution.ask("Deploy.Ok", **columns)
    return keep(execution, pipeline, "Deploy.Ok", job=None)


def token_of(execution, generation: int = 0) -> str:
    return approval_token(attempt_id(execution, "Deploy.Ok", generation=generation))


def put(database, token: str, person: Person = ADA, *, status: str = "Approved", **names):
    names = {"pipeline_name": "shop", "stage_name": "Deploy", "action_name": "Ok"} | names
    with database.session() as session:
        return put_approval_result(
            session, person, **names, result={"status": status, "summary": "looks good"}, token=token
        )


def refused(database, token: str, person: Person = ADA, **names) -> Refusal:
    with pytest.raises(Refusal) as caught:
        put(database, token, person, **names)
    return caught.value


@pytest.mark.parametrize(("status", "option"), [("Approved", "Approve"), ("Rejected", "Reject")])
def test_an_answer_is_stored_and_lets_the_task_go_on(database, pipeline, status, option):
    execution = waiting(database, pipeline)

    answer = put(database, token_of(execution), status=status)

    stored = execution.answer("Deploy.Ok")
    assert stored.responded_at == answer["approvedAt"]
    assert stored.responded_by == {"id": "1", "name": "ada"}
    assert stored.chosen_options == [option]
    assert stored.params_input == {"comment": "looks good", ROLES: ["op"]}
    assert execution.column("Deploy.Ok", "state") == "scheduled"
    event = execution.column("Deploy.Ok", "next_kwargs")
    assert option in str(event)


def test_of_several_executions_that_wait_the_token_says_which_is_meant(database):
    pipeline = database.add_pipeline(shop(executionMode="PARALLEL"))
    first, second = waiting(database, pipeline), waiting(database, pipeline)

    put(database, token_of(second))

    assert first.column("Deploy.Ok", "state") == "awaiting_input"
    assert second.column("Deploy.Ok", "state") == "scheduled"


def test_a_token_that_was_answered_says_so(database, pipeline):
    execution = waiting(database, pipeline)
    put(database, token_of(execution))
    assert refused(database, token_of(execution)).code == "ApprovalAlreadyCompletedException"


def test_a_token_of_an_earlier_attempt_or_of_none_is_invalid(database, pipeline):
    execution = waiting(database, pipeline)
    execution.clear("Deploy.Ok").ask("Deploy.Ok")

    for token in (token_of(execution), "00000000-0000-4000-8000-000000000000"):
        assert refused(database, token).code == "InvalidApprovalTokenException"
    assert "approvedAt" in put(database, token_of(execution, generation=1))


def test_an_approval_that_waits_no_more_takes_no_answer(database, pipeline):
    execution = waiting(database, pipeline)
    execution.set_task("Deploy.Ok", state="failed")
    assert refused(database, token_of(execution)).code == "InvalidApprovalTokenException"


def test_who_may_not_decide_is_refused_and_nothing_is_stored(database):
    approval = action("Ok", "Approval", "Manual", airflow={"approvers": {"users": ["grace"]}})
    stages = [*shop()["stages"][:2], {"name": "Deploy", "actions": [approval]}]
    pipeline = database.add_pipeline(shop(stages=stages))
    execution = waiting(database, pipeline)

    refusal = refused(database, token_of(execution))

    assert (refusal.code, refusal.message) == ("AccessDeniedException", "ada may not decide: grace may.")
    assert execution.answer("Deploy.Ok").responded_at is None
    put(database, token_of(execution), Person("2", "grace"))
    assert execution.answer("Deploy.Ok").responded_by["name"] == "grace"


def test_the_question_shows_who_has_approved_so_far(database):
    approvers = {"users": ["ada", "grace"], "required": 2}
    approval = action("Ok", "Approval", "Manual", airflow={"approvers": approvers})
    stages = [*shop()["stages"][:2], {"name": "Deploy", "actions": [approval]}]
    pipeline = database.add_pipeline(shop(stages=stages))
    execution = waiting(database, pipeline, body="Ship it?")

    put(database, token_of(execution))

    assert "Approved by ada." in execution.answer("Deploy.Ok").body


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ({"pipeline_name": "nowhere"}, "PipelineNotFoundException"),
        ({"stage_name": "Nowhere"}, "StageNotFoundException"),
        ({"action_name": "Nobody"}, "ActionNotFoundException"),
        ({"action_name": "Out"}, "ValidationException"),
    ],
)
def test_what_does_not_exist_is_refused_by_the_names_of_aws(database, pipeline, names, code):
    execution = waiting(database, pipeline)
    assert refused(database, token_of(execution), **names).code == code


def test_an_answer_to_an_approval_that_was_answered_in_airflow_is_refused(database, pipeline):
    execution = waiting(
        database, pipeline, responded_at=datetime.now(UTC), responded_by={"id": "2", "name": "g"}
    )
    assert refused(database, token_of(execution)).code == "ApprovalAlreadyCompletedException"
