from __future__ import annotations

import pytest

from airflow_codepipeline.actions.base import JobStatus
from airflow_codepipeline.actions.cloudformation import CloudFormation
from airflow_codepipeline.actions.cloudformation_stacks import stack_job
from airflow_codepipeline.errors import ActionError, TransientError
from fixtures.attempts import ATTEMPT, attempt, reference

STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/stack/0001"
OTHER_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/stack/0002"
TEMPLATE = {"In::t.yaml": b"Resources: {}"}
CALL = {"StackName": "stack", "TemplateBody": "Resources: {}", "Parameters": []}
NOW = "2026-01-01T00:00:00Z"


def action(mode: str, **configuration: str):
    configuration = {"ActionMode": mode, "StackName": "stack", "TemplatePath": "In::t.yaml", **configuration}
    return attempt("Deploy", "CloudFormation", configuration, inputs=[reference("In")])


def stack(status: str, stack_id: str = STACK_ID, **more: object) -> dict[str, object]:
    return {
        "Stacks": [
            {"StackName": "stack", "StackId": stack_id, "StackStatus": status, "CreationTime": NOW, **more}
        ]
    }


def event(number: int, status: str, *, token: str = "other", resource: str | None = None, reason: str = ""):
    return {
        "StackId": STACK_ID,
        "EventId": str(number),
        "StackName": "stack",
        "Timestamp": NOW,
        "ClientRequestToken": token,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "LogicalResourceId": resource or "stack",
        "ResourceType": "AWS::SQS::Queue" if resource else "AWS::CloudFormation::Stack",
        "PhysicalResourceId": resource or STACK_ID,
    }


def no_stack(stub) -> None:
    stub.add_client_error("describe_stacks", "ValidationError", "Stack with id stack does not exist")


@pytest.fixture
def start(scripted):
    def begin(mode: str, *, files=None, **configuration: str):
        aws = scripted(action(mode, **configuration), files or TEMPLATE)
        return aws, aws.script("cloudformation")

    return begin


@pytest.mark.parametrize("mode", ["CREATE_UPDATE", "REPLACE_ON_FAILURE"])
def test_a_stack_that_is_not_there_is_created_with_the_attempt_as_token(start, mode):
    aws, stub = start(
        mode,
        RoleArn="arn:aws:iam::123456789012:role/cfn-deployment",
        Capabilities="CAPABILITY_IAM, CAPABILITY_AUTO_EXPAND",
    )
    no_stack(stub)
    if mode == "REPLACE_ON_FAILURE":
        no_stack(stub)
    stub.add_response(
        "create_stack",
        {"StackId": STACK_ID},
        CALL
        | {
            "RoleARN": "arn:aws:iam::123456789012:role/cfn-deployment",
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            "ClientRequestToken": ATTEMPT,
        },
    )
    job = CloudFormation().start(aws)
    assert job.external_execution_id == STACK_ID
    assert "stackinfo" in (job.external_execution_url or "")


def test_a_stack_that_is_there_is_updated(start):
    aws, stub = start("CREATE_UPDATE")
    stub.add_response("describe_stacks", stack("CREATE_COMPLETE"))
    stub.add_response("describe_stack_events", {"StackEvents": [event(1, "CREATE_COMPLETE")]})
    stub.add_response("update_stack", {"StackId": STACK_ID}, CALL | {"ClientRequestToken": ATTEMPT})
    assert CloudFormation().start(aws).external_execution_id == STACK_ID


def test_an_update_that_changes_nothing_succeeds(start):
    aws, stub = start("CREATE_UPDATE")
    stub.add_response("describe_stacks", stack("CREATE_COMPLETE"))
    stub.add_response("describe_stack_events", {"StackEvents": []})
    stub.add_client_error("update_stack", "ValidationError", "No updates are to be performed.")
    assert CloudFormation().poll(aws, CloudFormation().start(aws)) is JobStatus.SUCCEEDED


def test_a_start_after_a_crash_finds_its_own_update_by_its_token(start):
    aws, stub = start("CREATE_UPDATE")
    stub.add_response("describe_stacks", stack("UPDATE_IN_PROGRESS"))
    events = [event(2, "UPDATE_IN_PROGRESS", token=ATTEMPT), event(1, "CREATE_COMPLETE")]
    stub.add_response("describe_stack_events", {"StackEvents": events})
    assert CloudFormation().start(aws).external_execution_id == STACK_ID


def test_an_old_operation_of_the_same_attempt_does_not_count_as_the_last(start):
    aws, stub = start("CREATE_UPDATE")
    stub.add_response("describe_stacks", stack("UPDATE_COMPLETE"))
    events = [
        event(3, "UPDATE_COMPLETE"),
        event(2, "UPDATE_IN_PROGRESS"),
        event(1, "UPDATE_IN_PROGRESS", token=ATTEMPT),
    ]
    stub.add_response("describe_stack_events", {"StackEvents": events})
    stub.add_response("update_stack", {"StackId": STACK_ID})
    CloudFormation().start(aws)


def test_a_failure_gives_the_first_reasons_of_this_operation_and_not_of_earlier_ones(start):
    aws, stub = start("CREATE_UPDATE")
    stub.add_response("describe_stacks", stack("UPDATE_ROLLBACK_COMPLETE"))
    events = [
        event(6, "UPDATE_ROLLBACK_COMPLETE"),
        event(5, "CREATE_FAILED", resource="Second", reason="Resource creation cancelled"),
        event(4, "CREATE_FAILED", resource="First", reason="Queue name is taken"),
        event(3, "UPDATE_IN_PROGRESS", reason="User Initiated"),
        event(2, "CREATE_FAILED", resource="Old", reason="Long ago"),
        event(1, "CREATE_IN_PROGRESS"),
    ]
    stub.add_response("describe_stack_events", {"StackEvents": events})
    with pytest.raises(ActionError) as failure:
        CloudFormation().poll(aws, stack_job(aws, "CREATE_UPDATE", STACK_ID))
    assert str(failure.value) == (
        "JobFailed: Stack stack is in UPDATE_ROLLBACK_COMPLETE. First (AWS::SQS::Queue): Queue name is taken"
    )


def test_a_role_that_may_not_read_events_still_gets_the_failure(start):
    aws, stub = start("CREATE_UPDATE")
    stub.add_response("describe_stacks", stack("ROLLBACK_COMPLETE", StackStatusReason="It went wrong"))
    stub.add_client_error("describe_stack_events", "AccessDenied", "No")
    with pytest.raises(ActionError, match=r"ROLLBACK_COMPLETE\. It went wrong"):
        CloudFormation().poll(aws, stack_job(aws, "CREATE_UPDATE", STACK_ID))


def test_a_failed_stack_is_deleted_and_then_made_anew(start):
    aws, stub = start("REPLACE_ON_FAILURE")
    stub.add_response("describe_stacks", stack("ROLLBACK_COMPLETE"))
    stub.add_response("describe_stack_events", {"StackEvents": []})
    stub.add_response("delete_stack", {}, {"StackName": STACK_ID, "ClientRequestToken": f"{ATTEMPT}-delete"})
    job = CloudFormation().start(aws)
    stub.add_response("describe_stacks", stack("DELETE_IN_PROGRESS"), {"StackName": STACK_ID})
    assert CloudFormation().poll(aws, job) is JobStatus.RUNNING
    stub.add_response("describe_stacks", stack("DELETE_COMPLETE"), {"StackName": STACK_ID})
    no_stack(stub)
    stub.add_response("create_stack", {"StackId": OTHER_ID}, CALL | {"ClientRequestToken": ATTEMPT})
    assert CloudFormation().poll(aws, job) is JobStatus.RUNNING
    for status, expected in (
        ("CREATE_IN_PROGRESS", JobStatus.RUNNING),
        ("CREATE_COMPLETE", JobStatus.SUCCEEDED),
    ):
        stub.add_response("describe_stacks", stack("DELETE_COMPLETE"), {"StackName": STACK_ID})
        stub.add_response("describe_stacks", stack(status, OTHER_ID), {"StackName": "stack"})
        stub.add_response("describe_stacks", stack(status, OTHER_ID), {"StackName": OTHER_ID})
        assert CloudFormation().poll(aws, job) is expected


def test_deleting_a_stack_that_is_not_there_succeeds(start):
    aws, stub = start("DELETE_ONLY")
    no_stack(stub)
    job = CloudFormation().start(aws)
    assert CloudFormation().poll(aws, job) is JobStatus.SUCCEEDED
    assert CloudFormation().outputs(aws, job).variables == {}


@pytest.mark.parametrize(
    ("status", "kind"), [(None, "CREATE"), ("REVIEW_IN_PROGRESS", "CREATE"), ("CREATE_COMPLETE", "UPDATE")]
)
def test_a_change_set_creates_or_updates_by_whether_there_is_a_stack(start, status, kind):
    aws, stub = start("CHANGE_SET_REPLACE", ChangeSetName="changes")
    stub.add_client_error("describe_change_set", "ChangeSetNotFound", "No")
    if status:
        stub.add_response("describe_stacks", stack(status))
    else:
        no_stack(stub)
    description = f"pipeline TheStage TheAction {ATTEMPT}"
    call = CALL | {"ChangeSetName": "changes", "ChangeSetType": kind, "Description": description}
    stub.add_response("create_change_set", {"StackId": STACK_ID}, call)
    assert CloudFormation().start(aws).external_execution_id == STACK_ID


def test_an_old_change_set_of_the_name_is_deleted_first(start):
    aws, stub = start("CHANGE_SET_REPLACE", ChangeSetName="changes")
    stub.add_response("describe_change_set", {"ChangeSetName": "changes", "Status": "CREATE_COMPLETE"})
    stub.add_response("delete_change_set", {}, {"StackName": "stack", "ChangeSetName": "changes"})
    stub.add_response("describe_stacks", stack("CREATE_COMPLETE"))
    stub.add_client_error("create_change_set", "AlreadyExistsException", "It is still there")
    with pytest.raises(TransientError, match="still being deleted"):
        CloudFormation().start(aws)


def test_a_start_after_a_crash_keeps_its_own_change_set(start):
    aws, stub = start("CHANGE_SET_REPLACE", ChangeSetName="changes")
    own = {
        "ChangeSetName": "changes",
        "StackId": STACK_ID,
        "Status": "CREATE_IN_PROGRESS",
        "Description": f"pipeline TheStage TheAction {ATTEMPT}",
    }
    stub.add_response("describe_change_set", own)
    assert CloudFormation().start(aws).external_execution_id == STACK_ID


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes.",
        "No updates are to be performed.",
    ],
)
def test_a_change_set_without_changes_succeeds_and_is_not_executed(start, reason):
    empty = {"ChangeSetName": "changes", "StackId": STACK_ID, "Status": "FAILED", "StatusReason": reason}
    aws, stub = start("CHANGE_SET_REPLACE", ChangeSetName="changes")
    stub.add_response("describe_change_set", empty)
    assert CloudFormation().poll(aws, stack_job(aws, "CHANGE_SET_REPLACE", STACK_ID)) is JobStatus.SUCCEEDED
    aws, stub = start("CHANGE_SET_EXECUTE", ChangeSetName="changes")
    stub.add_response("describe_stacks", stack("UPDATE_COMPLETE"))
    stub.add_response("describe_stack_events", {"StackEvents": []})
    stub.add_response("describe_change_set", empty)
    assert CloudFormation().poll(aws, CloudFormation().start(aws)) is JobStatus.SUCCEEDED


def test_a_change_set_that_failed_for_another_reason_fails_with_it(start):
    aws, stub = start("CHANGE_SET_REPLACE", ChangeSetName="changes")
    failed = {
        "ChangeSetName": "changes",
        "Status": "FAILED",
        "StatusReason": "Transform AWS::Nope is unknown",
    }
    stub.add_response("describe_change_set", failed)
    with pytest.raises(ActionError, match="changes is in FAILED: Transform AWS::Nope is unknown"):
        CloudFormation().poll(aws, stack_job(aws, "CHANGE_SET_REPLACE", STACK_ID))


def test_executing_a_change_set_that_is_not_there_is_a_configuration_error(start):
    aws, stub = start("CHANGE_SET_EXECUTE", ChangeSetName="changes")
    stub.add_response("describe_stacks", stack("UPDATE_COMPLETE"))
    stub.add_response("describe_stack_events", {"StackEvents": []})
    stub.add_client_error("describe_change_set", "ChangeSetNotFound", "No")
    with pytest.raises(ActionError, match="stack stack has no change set changes"):
        CloudFormation().start(aws)


def test_stopping_cancels_an_update_and_nothing_else(start):
    aws, stub = start("CREATE_UPDATE")
    job = stack_job(aws, "CREATE_UPDATE", STACK_ID)
    stub.add_response("describe_stacks", stack("CREATE_IN_PROGRESS"))
    CloudFormation().stop(aws, job)
    is_being_updated(stub, token=ATTEMPT)
    stub.add_response("cancel_update_stack", {}, {"StackName": STACK_ID})
    CloudFormation().stop(aws, job)


@pytest.mark.parametrize("mode", ["CREATE_UPDATE", "CHANGE_SET_REPLACE", "CHANGE_SET_EXECUTE"])
def test_stopping_leaves_the_update_of_somebody_else_alone(start, mode):
    aws, stub = start(mode)
    is_being_updated(stub, token="other")
    CloudFormation().stop(aws, stack_job(aws, mode, STACK_ID))


def test_an_update_that_has_just_ended_need_not_be_stopped(start):
    aws, stub = start("CREATE_UPDATE")
    is_being_updated(stub, token=ATTEMPT)
    reason = "CancelUpdateStack cannot be called from current stack status"
    stub.add_client_error("cancel_update_stack", "ValidationError", reason)
    CloudFormation().stop(aws, stack_job(aws, "CREATE_UPDATE", STACK_ID))


def is_being_updated(stub, *, token: str) -> None:
    stub.add_response("describe_stacks", stack("UPDATE_IN_PROGRESS"))
    stub.add_response("describe_stack_events", {"StackEvents": [event(1, "UPDATE_IN_PROGRESS", token=token)]})


def test_stack_outputs_are_variables_and_an_artifact(scripted):
    configuration = {"ActionMode": "CREATE_UPDATE", "StackName": "stack", "OutputFileName": "outputs.json"}
    aws = scripted(attempt("Deploy", "CloudFormation", configuration, outputs=["Out"]))
    found = stack("CREATE_COMPLETE", Outputs=[{"OutputKey": "Url", "OutputValue": "https://x"}])
    aws.script("cloudformation").add_response("describe_stacks", found)
    outputs = CloudFormation().outputs(aws, stack_job(aws, "CREATE_UPDATE", STACK_ID))
    assert outputs.variables == {"Url": "https://x"}
    assert aws.written == [{"outputs.json": b'{\n  "Url": "https://x"\n}'}]
    assert [artifact.name for artifact in outputs.artifacts] == ["Out"]


@pytest.mark.parametrize(
    ("configuration", "reason"),
    [
        ({"StackName": "stack"}, "needs ActionMode"),
        ({"ActionMode": "CREATE"}, "ActionMode is 'CREATE'. It must be one of CHANGE_SET_EXECUTE"),
        ({"ActionMode": "CREATE_UPDATE"}, "needs StackName"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(scripted, configuration, reason):
    with pytest.raises(ActionError, match=reason):
        CloudFormation().start(scripted(attempt("Deploy", "CloudFormation", configuration)))


def test_an_output_artifact_needs_a_file_name(scripted):
    context = attempt("Deploy", "CloudFormation", {"ActionMode": "CREATE_UPDATE"}, outputs=["Out"])
    with pytest.raises(ActionError, match="needs OutputFileName"):
        CloudFormation().start(scripted(context))
