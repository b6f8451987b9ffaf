"""The manual approval, on Airflow's human-in-the-loop state: it waits without a worker and without a trigger.

Source: CodePipeline user guide, "Add a manual approval action to a stage" and "JSON data format for
manual approval notifications". Rejection and time-out fail the action.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import conf
from airflow.providers.standard.exceptions import HITLTimeoutError
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred

from airflow_codepipeline.actions.timeouts import timeout_of
from airflow_codepipeline.dag.action_operator import ENGINE_RETRIES
from airflow_codepipeline.dag.result import ActionResult
from airflow_codepipeline.errors import CodePipelineError, TransientError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

    from airflow_codepipeline.dag.job_ledger import JobLedger, JobRecord
    from airflow_codepipeline.dag.wiring import ActionDeclaration

RETRY_DELAY = timedelta(seconds=2)
COMMENT = "comment"
COMMENT_CHARACTERS = 512


class ManualApprovalSensor(ApprovalOperator):
    """Waits until somebody approves or rejects, in Airflow's UI or through its API.

    :param declaration: the approval action, in its pipeline.
    """

    template_fields: Sequence[str] = ("subject", "body", "configuration")
    ui_color = "#fbe8c8"

    def __init__(self, *, declaration: ActionDeclaration, **kwargs: Any) -> None:
        action = declaration.action
        kwargs.setdefault("retries", ENGINE_RETRIES)
        kwargs.setdefault("retry_delay", RETRY_DELAY)
        # Airflow hands the DAG's params in here: the pipeline's variables are no part of the answer.
        kwargs["params"] = {COMMENT: _comment_field()}
        super().__init__(
            subject=f"Approve {action.name} of {declaration.pipeline.name}",
            body=action.configuration.get("CustomData", ""),
            response_timeout=timeout_of(action),
            **kwargs,
        )
        self.declaration = declaration
        self.configuration = dict(action.configuration)

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:
        """Leave the text alone: it is CodePipeline's syntax, never Jinja, and `prepare` resolves it."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Ask for the approval, tell the topic about it, and wait.

        An earlier try may have been answered: see `given_answer`. Nobody is asked twice.

        :raises AirflowFailException: a variable has no value, or the topic cannot be told.
        """
        asked_before = self._ledger(context).current() is not None
        self.prepare(context)
        if asked_before:
            from airflow_codepipeline.dag.given_answer import GivenAnswerTrigger

            raise TaskDeferred(
                trigger=GivenAnswerTrigger(ti_id=str(context["ti"].id)), method_name="ask_again"
            )
        return super().execute(context)  # type: ignore[no-any-return]

    def ask_again(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """Take the answer that an earlier try got, or ask again where it got none."""
        if event:
            answer = event | {"responded_at": datetime.fromisoformat(event["responded_at"])}
            return self.execute_complete(context, answer)
        self.prepare(context)
        return super().execute(context)  # type: ignore[no-any-return]

    def prepare(self, context: Context) -> JobRecord:
        """Resolve what is asked, and publish it once to the action's topic."""
        from airflow_codepipeline.dag.attempt import new_attempt

        ledger = self._ledger(context)
        try:
            record = ledger.current()
            if record is None:
                record = new_attempt(self.declaration, context, generation=ledger.generation, attempt=1)
                self._publish(record, self._review_link(context))
                ledger.save(record)
        except TransientError as error:
            raise AirflowException(f"{self.declaration}: {error}. It is tried again.") from error
        except CodePipelineError as error:
            raise AirflowFailException(f"{self.declaration} failed: {error}") from error
        self.configuration = record.context.action.configuration
        self.body = _body(self.configuration)
        return record

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Take the answer.

        :raises AirflowFailException: it was rejected, or nobody answered in time.
        """
        try:
            answer = super(ApprovalOperator, self).execute_complete(context, event)
        except HITLTimeoutError as error:
            raise AirflowFailException(
                f"{self.declaration} failed: nobody answered within {self.response_timeout}."
            ) from error
        by = (answer["responded_by_user"] or {}).get("name") or "unknown"
        comment = answer["params_input"].get(COMMENT) or ""
        context["ti"].xcom_push(key="approval", value=_approval(answer, by, comment))
        if answer["chosen_options"] != [self.APPROVE]:
            raise AirflowFailException(f"{self.declaration} was rejected by {by}: {comment or 'no comment'}")
        record = self.prepare(context)
        result = ActionResult(
            action_execution_id=record.context.action_execution_id,
            configuration=record.context.action.configuration,
            summary=f"Approved by {by}" + (f": {comment}" if comment else ""),
        )
        return result.to_xcom()

    def _ledger(self, context: Context) -> JobLedger:
        from airflow_codepipeline.dag.job_ledger import JobLedger

        return JobLedger(context, self.declaration)

    def _publish(self, record: JobRecord, review_link: str) -> None:
        if not record.context.action.configuration.get("NotificationArn"):
            return
        notifications = import_module("airflow_codepipeline.aws.notifications")
        message = notifications.approval_message(
            record.context,
            token=approval_token(record.context.action_execution_id),
            expires=datetime.fromisoformat(record.deadline),
            review_link=review_link,
            console_link=review_link,
        )
        notifications.publish_approval(record.context, message)

    def _review_link(self, context: Context) -> str:
        """Return the page that asks for the decision; empty where no web server is configured."""
        base_url = conf.get("api", "base_url", fallback="")
        return self.generate_link_to_ui(task_instance=context["ti"], base_url=base_url) if base_url else ""


def approval_token(action_execution_id: str) -> str:
    """Return the token that PutApprovalResult wants for one attempt at an approval."""
    return str(uuid.uuid5(uuid.UUID(action_execution_id), "approval"))


def _comment_field() -> Param:
    # Airflow's form wants an answer to a field that may not be null.
    return Param(
        "",
        type=["null", "string"],
        maxLength=COMMENT_CHARACTERS,
        title="Comment",
        description="Kept with the decision",
    )


def _body(configuration: Mapping[str, str]) -> str:
    """Return what the person who decides reads, in Markdown."""
    link = configuration.get("ExternalEntityLink")
    parts = [configuration.get("CustomData", ""), f"[{link}]({link})" if link else ""]
    return "\n\n".join(part for part in parts if part)


def _approval(answer: Mapping[str, Any], by: str, comment: str) -> dict[str, Any]:
    return {
        "status": "Approved" if answer["chosen_options"] == [ManualApprovalSensor.APPROVE] else "Rejected",
        "summary": comment,
        "by": by,
        "at": answer["responded_at"].isoformat(),
    }
