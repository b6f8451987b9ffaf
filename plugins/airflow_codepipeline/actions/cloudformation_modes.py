"""The ActionModes of a CloudFormation action (user guide, CloudFormation deploy, ActionMode)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from airflow_codepipeline.actions.cloudformation_change_sets import ChangeSetExecute, ChangeSetReplace
from airflow_codepipeline.actions.cloudformation_stacks import (
    DELETION_STATUSES,
    STACK_STATUSES,
    find_stack,
    is_own,
    poll_stack,
    stack_job,
)
from airflow_codepipeline.actions.cloudformation_template import (
    operation_arguments,
    stack_arguments,
    stack_policy,
)
from airflow_codepipeline.actions.settings import required
from airflow_codepipeline.actions.statuses import Verdict
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import Aws, Job

REPLACEABLE = frozenset(
    {"CREATE_FAILED", "DELETE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED"}
)
"""What REPLACE_ON_FAILURE deletes first. ROLLBACK_COMPLETE is in CloudFormation's list, not in
CodePipeline's; such a stack can only be deleted."""


class Mode(Protocol):
    """One ActionMode."""

    def start(self, aws: Aws) -> Job:
        """Ask for the operation, or find it again."""

    def poll(self, aws: Aws, job: Job) -> Verdict:
        """Ask how it stands; a failure is an `ActionError`."""


class CreateUpdate:
    """CREATE_UPDATE: create the stack, or update it; an update that changes nothing succeeds."""

    name = "CREATE_UPDATE"

    def start(self, aws: Aws) -> Job:
        """Create or update, unless this attempt already has."""
        client, token = aws.client("cloudformation"), aws.context.action_execution_id
        stack = find_stack(client, required(aws.context, "StackName"))
        if stack is None:
            return stack_job(aws, self.name, _create(aws))
        if is_own(client, stack, token):
            return stack_job(aws, self.name, stack["StackId"])
        return self._update(aws, client, stack["StackId"])

    def poll(self, aws: Aws, job: Job) -> Verdict:
        """Ask after the stack."""
        if job.data.get("unchanged"):
            return Verdict.SUCCEEDED
        return poll_stack(aws, job.external_execution_id, STACK_STATUSES)

    def _update(self, aws: Aws, client: Any, stack_id: str) -> Job:
        token = aws.context.action_execution_id
        try:
            client.update_stack(**stack_arguments(aws), **stack_policy(aws), ClientRequestToken=token)
        except ActionError as error:
            if "No updates are to be performed" not in error.message:
                raise
            return stack_job(aws, self.name, stack_id, unchanged="true")
        return stack_job(aws, self.name, stack_id)


class ReplaceOnFailure(CreateUpdate):
    """REPLACE_ON_FAILURE: as CREATE_UPDATE, but a failed stack is deleted and made anew."""

    name = "REPLACE_ON_FAILURE"

    def start(self, aws: Aws) -> Job:
        """Delete the stack if it failed, else create or update it."""
        client = aws.client("cloudformation")
        stack = find_stack(client, required(aws.context, "StackName"))
        if stack is None:
            return super().start(aws)
        token = f"{aws.context.action_execution_id}-delete"
        if stack["StackStatus"] in REPLACEABLE and not is_own(client, stack, aws.context.action_execution_id):
            client.delete_stack(**_by_id(aws, stack), ClientRequestToken=token)
        elif not (stack["StackStatus"] == "DELETE_IN_PROGRESS" and is_own(client, stack, token)):
            return super().start(aws)
        return stack_job(aws, self.name, stack["StackId"], replaces=stack["StackId"])

    def poll(self, aws: Aws, job: Job) -> Verdict:
        """Ask after the stack; make the new one when the failed one is gone."""
        replaced = job.data.get("replaces")
        if replaced is None:
            return super().poll(aws, job)
        if poll_stack(aws, replaced, DELETION_STATUSES) is Verdict.RUNNING:
            return Verdict.RUNNING
        stack = find_stack(aws.client("cloudformation"), job.data["stack"])
        if stack is None or stack["StackId"] == replaced:
            _create(aws)
            return Verdict.RUNNING
        return poll_stack(aws, stack["StackId"], STACK_STATUSES)


class DeleteOnly:
    """DELETE_ONLY: delete the stack; it succeeds where there is none."""

    name = "DELETE_ONLY"

    def start(self, aws: Aws) -> Job:
        """Delete the stack."""
        client = aws.client("cloudformation")
        stack = find_stack(client, required(aws.context, "StackName"))
        if stack is None:
            return stack_job(aws, self.name, required(aws.context, "StackName"), unchanged="true")
        if stack["StackStatus"] != "DELETE_IN_PROGRESS":
            client.delete_stack(**_by_id(aws, stack), ClientRequestToken=aws.context.action_execution_id)
        return stack_job(aws, self.name, stack["StackId"])

    def poll(self, aws: Aws, job: Job) -> Verdict:
        """Ask after the stack."""
        if job.data.get("unchanged"):
            return Verdict.SUCCEEDED
        return poll_stack(aws, job.external_execution_id, DELETION_STATUSES)


MODES: dict[str, Mode] = {
    "CHANGE_SET_EXECUTE": ChangeSetExecute(),
    "CHANGE_SET_REPLACE": ChangeSetReplace(),
    "CREATE_UPDATE": CreateUpdate(),
    "DELETE_ONLY": DeleteOnly(),
    "REPLACE_ON_FAILURE": ReplaceOnFailure(),
}


def _create(aws: Aws) -> str:
    created = aws.client("cloudformation").create_stack(
        **stack_arguments(aws), **stack_policy(aws), ClientRequestToken=aws.context.action_execution_id
    )
    return str(created["StackId"])


def _by_id(aws: Aws, stack: dict[str, Any]) -> dict[str, str]:
    return operation_arguments(aws.context) | {"StackName": stack["StackId"]}
