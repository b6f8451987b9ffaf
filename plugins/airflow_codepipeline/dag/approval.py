"""The manual approval, on Airflow's human-in-the-loop state: it waits without a worker and without a trigger.

Source: CodePipeline user guide, "Add a manual approval action to a stage" and "JSON data format for
manual approval notifications". Rejection and time-out fail the action. Who may decide, and how many must,
is `execution/approval.py`'s matter; this asks again until it is decided.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import conf
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred
from airflow.sdk.execution_time.hitl import HITLUser

from airflow_codepipeline.actions.timeouts import timeout_of
from airflow_codepipeline.dag.action_operator import ENGINE_RETRIES
from airflow_codepipeline.dag.decisions import (
    COMMENT,
    COMMENT_CHARACTERS,
    XCOM_KEY,
    DecisionBook,
    answer_of,
    approval_xcom,
    person_of,
)
from airflow_codepipeline.dag.result import ActionResult
from airflow_codepipeline.errors import CodePipelineError, TransientError
from airflow_codepipeline.execution.approval import (
    approvers_of,
    out_of_reach,
    standing,
    with_decision,
    with_standing,
)
from airflow_codepipeline.execution.revision import BACKFILL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow.sdk import Context

    from airflow_codepipeline.dag.job_ledger import JobLedger, JobRecord
    from airflow_codepipeline.dag.wiring import ActionDeclaration
    from airflow_codepipeline.definition.extension import Approvers
    from airflow_codepipeline.execution.approval import Decision

RETRY_DELAY = timedelta(seconds=2)
QUESTION = "question"
"""The XCom of an approval that asks: its configuration, resolved."""


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
        self.approvers = approvers_of(declaration.pipeline, action)
        self.configuration = dict(action.configuration)

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:
        """Leave the text alone: it is CodePipeline's syntax, never Jinja, and `prepare` resolves it."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Ask for the approval, tell the topic about it, and wait.

        An earlier try may have been answered: see `given_answer`. Nobody is asked twice.

        :raises AirflowFailException: a variable has no value, the topic cannot be told, or the definition is
            not the execution's.
        """
        asked_before = self._ledger(context).current() is not None
        if not asked_before:
            from airflow_codepipeline.dag.definition_pin import refuse_another_definition

            refuse_another_definition(context, self.declaration)
            if self._is_skipped(context):
                return self._skipped(context)
        record = self.prepare(context)
        if asked_before:
            from airflow_codepipeline.dag.given_answer import GivenAnswerTrigger

            raise TaskDeferred(
                trigger=GivenAnswerTrigger(ti_id=str(context["ti"].id)), method_name="ask_again"
            )
        return self._ask(context, record, ())

    def ask_again(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """Take the answer that an earlier try got, or ask again where it got none."""
        if event:
            at = event.get("responded_at")
            answer = event | {"responded_at": datetime.fromisoformat(at) if isinstance(at, str) else at}
            return self.execute_complete(context, answer)
        record = self.prepare(context)
        decisions = self._book(context, record).read()
        return self._conclude(context, record, decisions) if decisions else self._ask(context, record, ())

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
            failure = f"{self.declaration} failed: {error}"
            ledger.refuse(failure)
            raise AirflowFailException(failure) from error
        self.configuration = record.context.action.configuration
        context["ti"].xcom_push(key=QUESTION, value=self.configuration)
        self.body = with_standing(_body(self.configuration), self.approvers, (), _starter(context))
        return record

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Take an answer: it decides, or it is one of several, or it does not count.

        It is stored before anything else happens; the same answer is taken once.

        :raises AirflowFailException: it was rejected, or nobody answered in time.
        """
        if "error" in event:
            raise self._unanswered(context, event)
        record = self.prepare(context)
        book = self._book(context, record)
        person, answer = person_of(event), answer_of(event)
        decisions = with_decision(self.approvers, _starter(context), book.read(), person, answer)
        book.write(decisions)
        return self._conclude(context, record, decisions)

    def _conclude(self, context: Context, record: JobRecord, decisions: Sequence[Decision]) -> dict[str, Any]:
        """End with what was decided, or ask again.

        :param decisions: one at least.
        """
        context["ti"].xcom_push(key=XCOM_KEY, value=approval_xcom(self.approvers, decisions))
        now = standing(self.approvers, decisions)
        if now.status is None:
            self.log.info("%s: %s. It is asked again", self.declaration, decisions[-1])
            return self._ask(context, record, decisions)
        last = next(made for made in reversed(decisions) if made.counted)
        if now.status == "Rejected":
            why = f"rejected by {last.by}: {last.comment or 'no comment'}"
            self._ledger(context).leave_failure(f"JobFailed: {why.capitalize()}", record)
            raise AirflowFailException(f"{self.declaration} was {why}")
        by = ", ".join(now.approved_by)
        result = ActionResult(
            action_execution_id=record.context.action_execution_id,
            configuration=record.context.action.configuration,
            summary=f"Approved by {by}" + (f": {last.comment}" if last.comment else ""),
        )
        return result.to_xcom()

    def _ask(self, context: Context, record: JobRecord, decisions: Sequence[Decision]) -> dict[str, Any]:
        """Wait for an answer until the attempt's deadline, which asking again does not move.

        Airflow asks again with the text that it asked with first: the API server's guard keeps it up to date.
        """
        starter = _starter(context)
        never = out_of_reach(self.approvers, starter)
        if never:
            raise AirflowFailException(f"{self.declaration} failed: {never}")
        left = datetime.fromisoformat(record.deadline) - datetime.now(UTC)
        if left <= timedelta(0):
            raise self._unanswered(context)
        self.response_timeout = left
        self.body = with_standing(_body(self.configuration), self.approvers, decisions, starter)
        self.assigned_users = asked_users(self.approvers, starter)
        return super().execute(context)  # type: ignore[no-any-return]

    def _is_skipped(self, context: Context) -> bool:
        run = context["dag_run"]
        return run.run_type == BACKFILL and self.declaration.pipeline.airflow.backfill.approvals == "skip"

    def _skipped(self, context: Context) -> dict[str, Any]:
        """Succeed without asking anybody, nor telling the topic."""
        from airflow_codepipeline.dag.names import attempt_id

        ti, generation = context["ti"], self._ledger(context).generation
        attempt = attempt_id(
            dag=ti.dag_id, run_id=ti.run_id, task=ti.task_id, generation=generation, attempt=1
        )
        return ActionResult(action_execution_id=attempt, summary="Skipped: a backfill").to_xcom()

    def _unanswered(self, context: Context, event: Mapping[str, Any] | None = None) -> AirflowFailException:
        error = self._timed_out(event)
        self._ledger(context).leave_failure(f"JobFailed: {error}")
        return error

    def _timed_out(self, event: Mapping[str, Any] | None) -> AirflowFailException:
        if event and event.get("error_type") != "timeout":
            return AirflowFailException(f"{self.declaration} failed: {event['error']}")
        enough = "nobody" if self.approvers is None or self.approvers.required == 1 else "too few"
        limit = timeout_of(self.declaration.action)
        return AirflowFailException(f"{self.declaration} failed: {enough} answered within {limit}.")

    def _book(self, context: Context, record: JobRecord) -> DecisionBook:
        return DecisionBook(self._ledger(context).store, record.context.action_execution_id)

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


def asked_users(approvers: Approvers | None, starter: str | None) -> list[HITLUser] | None:
    """Return whom Airflow itself is to ask: where only users are named, and are known by name.

    Airflow compares ids. They are user names in the simple auth manager alone; elsewhere they are numbers or
    UUIDs, and names would shut everybody out.
    """
    if approvers is None or approvers.roles or not approvers.users:
        return None
    if not conf.get("core", "auth_manager", fallback="").endswith(".SimpleAuthManager"):
        return None
    excluded = {starter} if approvers.exclude_starter else set()
    return [HITLUser(id=user, name=user) for user in approvers.users if user not in excluded]


def _starter(context: Context) -> str | None:
    """Return the user name of who started the execution; none where it was no person."""
    return getattr(context.get("dag_run"), "triggering_user_name", None)
