"""The two ActionModes that prepare and execute change sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.actions.cloudformation_stacks import (
    STACK_STATUSES,
    find_stack,
    is_own,
    poll_stack,
    stack_job,
)
from airflow_codepipeline.actions.cloudformation_template import stack_arguments
from airflow_codepipeline.actions.settings import misconfigured, required
from airflow_codepipeline.actions.statuses import StatusTable, Verdict
from airflow_codepipeline.errors import ActionError, TransientError

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import Aws, Job

CHANGE_SET_STATUSES = StatusTable(
    kind="change set",
    running=frozenset({"CREATE_IN_PROGRESS", "CREATE_PENDING"}),
    succeeded=frozenset({"CREATE_COMPLETE"}),
    failed=frozenset({"DELETE_COMPLETE", "DELETE_FAILED", "DELETE_IN_PROGRESS", "DELETE_PENDING", "FAILED"}),
)
_EMPTY = ("didn't contain changes", "No updates are to be performed")
_MISSING = frozenset({"ChangeSetNotFound", "ChangeSetNotFoundException"})


class ChangeSetReplace:
    """CHANGE_SET_REPLACE: make a change set; one of the same name is deleted first."""

    name = "CHANGE_SET_REPLACE"

    def start(self, aws: Aws) -> Job:
        """Make the change set, unless this attempt already has."""
        client, stack_name = aws.client("cloudformation"), required(aws.context, "StackName")
        change_set = find_change_set(aws)
        if change_set is None or not _is_own(aws, change_set):
            if change_set is not None:
                client.delete_change_set(StackName=stack_name, ChangeSetName=change_set["ChangeSetName"])
            stack_id = self._create(aws, client)
        else:
            stack_id = change_set["StackId"]
        return stack_job(aws, self.name, stack_id)

    def poll(self, aws: Aws, job: Job) -> Verdict:
        """Ask after the change set; one without changes is a success."""
        change_set = find_change_set(aws)
        if change_set is None:
            raise ActionError("JobFailed", f"The change set of stack {job.data['stack']} is gone.")
        verdict = CHANGE_SET_STATUSES.classify(change_set["Status"])
        if verdict is not Verdict.FAILED or is_empty(change_set):
            return Verdict.RUNNING if verdict is Verdict.RUNNING else Verdict.SUCCEEDED
        raise ActionError("JobFailed", _failure(change_set))

    def _create(self, aws: Aws, client: Any) -> str:
        stack = find_stack(client, required(aws.context, "StackName"))
        is_new = stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS"
        try:
            created = client.create_change_set(
                **stack_arguments(aws),
                ChangeSetName=required(aws.context, "ChangeSetName"),
                ChangeSetType="CREATE" if is_new else "UPDATE",
                Description=_description(aws),
            )
        except ActionError as error:
            if error.code != "AlreadyExistsException":
                raise
            raise TransientError(
                error.code, f"The old change set is still being deleted: {error.message}"
            ) from error
        return str(created["StackId"])


class ChangeSetExecute:
    """CHANGE_SET_EXECUTE: execute a change set; one without changes succeeds without it."""

    name = "CHANGE_SET_EXECUTE"

    def start(self, aws: Aws) -> Job:
        """Execute the change set, unless this attempt already has."""
        client, token = aws.client("cloudformation"), aws.context.action_execution_id
        stack_name = required(aws.context, "StackName")
        stack = find_stack(client, stack_name)
        if stack is None:
            raise misconfigured(aws.context, f"there is no stack {stack_name} with a change set.")
        if is_own(client, stack, token):
            return stack_job(aws, self.name, stack["StackId"])
        change_set = find_change_set(aws)
        if change_set is None:
            name = required(aws.context, "ChangeSetName")
            raise misconfigured(aws.context, f"stack {stack_name} has no change set {name}.")
        if is_empty(change_set):
            return stack_job(aws, self.name, stack["StackId"], unchanged="true")
        client.execute_change_set(
            StackName=stack_name, ChangeSetName=change_set["ChangeSetName"], ClientRequestToken=token
        )
        return stack_job(aws, self.name, stack["StackId"])

    def poll(self, aws: Aws, job: Job) -> Verdict:
        """Ask after the stack."""
        if job.data.get("unchanged"):
            return Verdict.SUCCEEDED
        return poll_stack(aws, job.external_execution_id, STACK_STATUSES)


def find_change_set(aws: Aws) -> dict[str, Any] | None:
    """Return the change set that the configuration names, or none."""
    try:
        found: dict[str, Any] = aws.client("cloudformation").describe_change_set(
            StackName=required(aws.context, "StackName"),
            ChangeSetName=required(aws.context, "ChangeSetName"),
        )
    except ActionError as error:
        if error.code in _MISSING or "does not exist" in error.message:
            return None
        raise
    return found


def is_empty(change_set: dict[str, Any]) -> bool:
    """Say whether a change set failed for want of changes; CloudFormation says so in words only."""
    reason = change_set.get("StatusReason") or ""
    return change_set["Status"] == "FAILED" and any(text in reason for text in _EMPTY)


def _description(aws: Aws) -> str:
    context = aws.context
    return f"{context.pipeline} {context.stage} {context.action.name} {context.action_execution_id}"


def _is_own(aws: Aws, change_set: dict[str, Any]) -> bool:
    return str(change_set.get("Description", "")).endswith(aws.context.action_execution_id)


def _failure(change_set: dict[str, Any]) -> str:
    name, status = change_set["ChangeSetName"], change_set["Status"]
    return f"Change set {name} is in {status}: {change_set.get('StatusReason') or 'no reason given'}"
