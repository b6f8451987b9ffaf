"""Stacks: how they stand, why they failed, and which operation was this attempt's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.actions import console
from airflow_codepipeline.actions.base import Job
from airflow_codepipeline.actions.settings import required
from airflow_codepipeline.actions.statuses import StatusTable, Verdict
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.actions.base import Aws

STACK_STATUSES = StatusTable(
    kind="stack",
    running=frozenset(
        {
            "CREATE_IN_PROGRESS",
            "IMPORT_IN_PROGRESS",
            "IMPORT_ROLLBACK_IN_PROGRESS",
            "REVIEW_IN_PROGRESS",
            "ROLLBACK_IN_PROGRESS",
            "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            "UPDATE_IN_PROGRESS",
            "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            "UPDATE_ROLLBACK_IN_PROGRESS",
        }
    ),
    succeeded=frozenset({"CREATE_COMPLETE", "IMPORT_COMPLETE", "UPDATE_COMPLETE"}),
    failed=frozenset(
        {
            "CREATE_FAILED",
            "DELETE_COMPLETE",
            "DELETE_FAILED",
            "DELETE_IN_PROGRESS",
            "IMPORT_ROLLBACK_COMPLETE",
            "IMPORT_ROLLBACK_FAILED",
            "ROLLBACK_COMPLETE",
            "ROLLBACK_FAILED",
            "UPDATE_FAILED",
            "UPDATE_ROLLBACK_COMPLETE",
            "UPDATE_ROLLBACK_FAILED",
        }
    ),
)
"""For a stack that is created or updated."""

DELETION_STATUSES = StatusTable(
    kind="stack to be deleted",
    running=frozenset({"DELETE_IN_PROGRESS"}),
    succeeded=frozenset({"DELETE_COMPLETE"}),
    failed=(STACK_STATUSES.running | STACK_STATUSES.succeeded | STACK_STATUSES.failed)
    - {"DELETE_IN_PROGRESS", "DELETE_COMPLETE"},
)
"""For a stack that is deleted: whatever it leaves the deletion for is a failure."""

REASONS = 3
_STACK = "AWS::CloudFormation::Stack"
_HAS_ENDED = "cannot be called from current stack status"
_STARTS = frozenset({"CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS", "UPDATE_IN_PROGRESS"})


def stack_job(aws: Aws, mode: str, stack_id: str, **data: str) -> Job:
    """Return the job of an operation on a stack.

    :param data: what the mode needs to know later.
    """
    return Job(
        external_execution_id=stack_id,
        external_execution_url=console.stack(aws.context.identity.region, stack_id),
        data={"mode": mode, "stack": required(aws.context, "StackName"), **data},
    )


def find_stack(client: Any, name: str) -> dict[str, Any] | None:
    """Return a stack by name or id, or none where there is none of that name."""
    try:
        stacks = client.describe_stacks(StackName=name)["Stacks"]
    except ActionError as error:
        if error.code == "ValidationError" and "does not exist" in error.message:
            return None
        raise
    return stacks[0] if stacks else None


def is_own(client: Any, stack: dict[str, Any], token: str) -> bool:
    """Say whether the stack's last operation is this attempt's: CloudFormation keeps each request's token."""
    for event in _last_operation(client, stack["StackId"]):
        if str(event.get("ClientRequestToken", "")).startswith(token):
            return True
    return False


def poll_stack(aws: Aws, stack_id: str, statuses: StatusTable) -> Verdict:
    """Classify a stack.

    :raises ActionError: it failed; the message holds the first reasons.
    """
    client = aws.client("cloudformation")
    stack = find_stack(client, stack_id)
    status = "DELETE_COMPLETE" if stack is None else stack["StackStatus"]
    verdict = statuses.classify(status)
    if verdict is Verdict.FAILED:
        name = required(aws.context, "StackName")
        raise ActionError("JobFailed", f"Stack {name} is in {status}. {_reasons(client, stack)}".rstrip())
    return verdict


def stack_outputs(aws: Aws, job: Job) -> dict[str, str]:
    """Return the outputs of the job's stack; none where it was deleted."""
    if job.data["mode"] == "DELETE_ONLY":
        return {}
    stack = find_stack(aws.client("cloudformation"), job.data["stack"])
    outputs = stack.get("Outputs", ()) if stack else ()
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}


def stop_update(aws: Aws, job: Job) -> None:
    """Cancel the update of the job's stack, where it is this attempt's own."""
    client = aws.client("cloudformation")
    stack = find_stack(client, job.data["stack"])
    if stack is None or stack["StackStatus"] != "UPDATE_IN_PROGRESS":
        return
    if not is_own(client, stack, aws.context.action_execution_id):
        return
    try:
        client.cancel_update_stack(StackName=stack["StackId"])
    except ActionError as error:
        if _HAS_ENDED not in error.message:
            raise


def _reasons(client: Any, stack: dict[str, Any] | None) -> str:
    if stack is None:
        return ""
    try:
        failed = [event for event in _last_operation(client, stack["StackId"]) if _says_why(event)]
    except ActionError as error:
        # The role may lack cloudformation:DescribeStackEvents; the failure itself is worth more.
        return f"{stack.get('StackStatusReason', '')} (the stack's events cannot be read: {error})".strip()
    texts = [
        f"{event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason']}"
        for event in reversed(failed[-REASONS:])
    ]
    return "; ".join(texts) or str(stack.get("StackStatusReason", ""))


def _says_why(event: dict[str, Any]) -> bool:
    reason = str(event.get("ResourceStatusReason", ""))
    return event["ResourceStatus"].endswith("_FAILED") and bool(reason) and "cancelled" not in reason


def _last_operation(client: Any, stack_id: str) -> Iterator[dict[str, Any]]:
    """Yield the events of the stack's last operation, newest first, as CloudFormation lists them."""
    for page in client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
        for event in page["StackEvents"]:
            yield event
            is_stack = event.get("ResourceType") == _STACK and event.get("PhysicalResourceId") == stack_id
            if is_stack and event["ResourceStatus"] in _STARTS:
                return
