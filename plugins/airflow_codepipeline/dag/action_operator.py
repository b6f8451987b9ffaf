"""The one operator for all actions: it starts a job once, then waits for it in the triggerer.

What a kind of action does is its provider's matter. What every action has in common is here: resolving
variables, storing the job before waiting for it, time-outs, retries, and the result in XCom.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from airflow.sdk import BaseOperator, BaseOperatorLink
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred

from airflow_codepipeline.actions.base import JobStatus
from airflow_codepipeline.dag.job_ledger import URL_KEY, JobLedger
from airflow_codepipeline.dag.masking import masked
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.errors import ActionError, CodePipelineError, TransientError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from airflow_codepipeline.actions.base import ActionProvider, Aws, Job
    from airflow_codepipeline.dag.job_ledger import JobRecord
    from airflow_codepipeline.dag.wiring import ActionDeclaration
    from airflow_codepipeline.definition.extension import ActionExtension
    from airflow_codepipeline.definition.model import Action

ENGINE_RETRIES = 10
"""Tries for what is no fault of the action: a lost worker, a scheduler that fails a task which is alive."""
ENGINE_RETRY_DELAY = timedelta(seconds=5)
ENGINE_MAX_RETRY_DELAY = timedelta(minutes=5)


class ExternalExecutionLink(BaseOperatorLink):
    """The button that leads from a task to what runs outside: a build, a stack, a function."""

    name = "External execution"

    @property
    def xcom_key(self) -> str:
        """The XCom that holds the address; it is written when the job has started."""
        return URL_KEY

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:  # noqa: ARG002 - Airflow's signature
        """Return the address of a task's job, or nothing where it has none."""
        from airflow.sdk.execution_time.xcom import XCom

        url = XCom.get_value(ti_key=ti_key, key=URL_KEY)
        return str(url or "")


class ActionOperator(BaseOperator):
    """Carries out one action of a pipeline.

    :param declaration: the action, in its pipeline.
    """

    template_fields: Sequence[str] = ("configuration",)
    operator_extra_links = (ExternalExecutionLink(),)
    ui_color = "#d5e8f7"

    def __init__(self, *, declaration: ActionDeclaration, **kwargs: Any) -> None:
        extension = declaration.action.airflow
        if extension.pool:
            kwargs.setdefault("pool", extension.pool)
        super().__init__(**(_retrying(extension) | kwargs))
        self.declaration = declaration
        self.configuration = masked(declaration.action.configuration)
        self._running: tuple[Aws, ActionProvider, Job] | None = None
        self._told_to_end = False

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:  # noqa: ARG002
        """Show the resolved configuration in Airflow's UI; it is CodePipeline's syntax, never Jinja."""
        from airflow_codepipeline.dag.execution_values import ExecutionValues

        try:
            resolved = ExecutionValues(self.declaration.wiring, context).resolved(self.declaration.action)
        except CodePipelineError:
            self.log.debug("The configuration cannot be resolved; execute() fails with the reason")
        else:
            self.configuration = masked(resolved.configuration)

    def execute(self, context: Context) -> dict[str, Any]:
        """Start the job, unless an earlier try of this attempt has, and wait for it.

        :raises AirflowFailException: the action failed.
        :raises AirflowException: Airflow is to try the task again.
        """
        try:
            return self._carry_out(context)
        except BaseException:
            self._stop_if_ended(context)
            raise

    def _carry_out(self, context: Context) -> dict[str, Any]:
        from airflow_codepipeline.dag.attempt import finish, open_attempt
        from airflow_codepipeline.dag.definition_pin import refuse_another_definition

        ledger = JobLedger(context, self.declaration)
        record = ledger.current()
        if record is None or record.failure is not None:
            refuse_another_definition(context, self.declaration)
            record = self._next_attempt(context, ledger, record)
        try:
            aws, provider = open_attempt(record)
            record, job = self._started(ledger, record, aws, provider)
            context["ti"].xcom_push(key=URL_KEY, value=job.external_execution_url)
            if self._asked(aws, provider, job) is JobStatus.SUCCEEDED:
                return finish(record, aws, provider)
        except CodePipelineError as error:
            raise self._failure(ledger, record, error) from error
        raise self._deferral(record)

    def resume(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Go on after waiting: the trigger found that the job failed, or could not end the task itself.

        :param event: `{"code": …, "message": …}` of the failure, if it is one.
        """
        if not isinstance(event, dict):
            return self.execute(context)
        ledger = JobLedger(context, self.declaration)
        raise self._failure(ledger, ledger.current(), ActionError(event["code"], event["message"]))

    def on_kill(self) -> None:
        """Start nothing any more: Airflow calls it in the midst of `execute`, which goes on for some seconds.

        Nothing is stopped: the worker may be about to leave, and another one goes on with the job.
        """
        self._told_to_end = True

    def _stop_if_ended(self, context: Context) -> None:
        """Stop the job where a user ended the task meanwhile: Airflow does not let it wait any more."""
        from airflow_codepipeline.dag.stopping import was_ended

        if self._running is not None and was_ended(context["ti"]):
            self.log.warning("The task was ended meanwhile: its job is stopped")
            aws, provider, job = self._running
            provider.stop(aws, job)

    def _next_attempt(self, context: Context, ledger: JobLedger, last: JobRecord | None) -> JobRecord:
        from airflow_codepipeline.actions.regional import with_regional_inputs
        from airflow_codepipeline.actions.registry import open_session
        from airflow_codepipeline.dag.attempt import new_attempt

        if last is not None and last.failure is not None and last.attempt > self._retries:
            # Airflow has removed what the try that failed left.
            ledger.leave_failure(last.failure, last)
            raise AirflowFailException(last.failure)
        number = last.attempt + 1 if last else 1
        try:
            record = new_attempt(self.declaration, context, generation=ledger.generation, attempt=number)
            context_here = with_regional_inputs(open_session(record.context))
        except CodePipelineError as error:
            raise self._failure(ledger, None, error) from error
        return ledger.save(msgspec.structs.replace(record, context=context_here))

    def _started(
        self, ledger: JobLedger, record: JobRecord, aws: Aws, provider: ActionProvider
    ) -> tuple[JobRecord, Job]:
        from airflow_codepipeline.dag.attempt import start_attempt

        if record.job is None:
            if self._told_to_end:
                raise AirflowException(f"{self.declaration} was not started: its worker was told to end.")
            job = start_attempt(record, aws, provider)
            self._running = aws, provider, job
            record = ledger.save(msgspec.structs.replace(record, job=job))
            self.log.info(
                "Started %s: %s %s",
                self.declaration,
                job.external_execution_id,
                job.external_execution_url or "",
            )
        assert record.job is not None
        self._running = aws, provider, record.job
        return record, record.job

    def _asked(self, aws: Aws, provider: ActionProvider, job: Job) -> JobStatus:
        """Poll once; where AWS does not answer for now, the triggerer asks on."""
        try:
            return provider.poll(aws, job)
        except TransientError as error:
            self.log.warning("%s did not answer: %s", self.declaration.action.action_type_id, error)
            return JobStatus.RUNNING

    def _deferral(self, record: JobRecord) -> TaskDeferred:
        from airflow_codepipeline.dag.action_trigger import ActionTrigger

        return TaskDeferred(trigger=ActionTrigger(record=to_json_value(record)), method_name="resume")

    def _failure(
        self, ledger: JobLedger, record: JobRecord | None, error: CodePipelineError
    ) -> AirflowException:
        """Return what to raise: Airflow tries again, or the action has failed and that is stored."""
        if isinstance(error, TransientError):
            return AirflowException(f"{self.declaration}: {error}. It is tried again.")
        failure = f"{self.declaration} failed: {error}"
        if record is None:
            ledger.refuse(failure)
            return AirflowFailException(failure)
        ledger.save(msgspec.structs.replace(record, failure=failure))
        if record.attempt > self._retries:
            return AirflowFailException(failure)
        return AirflowException(f"{failure} (attempt {record.attempt} of {self._retries + 1})")

    @property
    def _retries(self) -> int:
        return self.declaration.action.airflow.retries


def _retrying(extension: ActionExtension) -> dict[str, Any]:
    """Return how Airflow tries the task again: with growing pauses, or the pause that was asked for."""
    if extension.retry_delay is None:
        return retrying(extension.retries)
    pause = timedelta(seconds=extension.retry_delay)
    return {"retries": ENGINE_RETRIES + extension.retries, "retry_delay": pause}


def retries_of(action: Action) -> int:
    """Return how often Airflow tries the task of an action again."""
    return ENGINE_RETRIES + (0 if action.action_type_id.category == "Approval" else action.airflow.retries)


def retrying(more: int = 0) -> dict[str, Any]:
    """Return the arguments of a task that Airflow tries again, with growing pauses, for faults of the engine.

    :param more: tries beside those.
    """
    return {
        "retries": ENGINE_RETRIES + more,
        "retry_delay": ENGINE_RETRY_DELAY,
        "retry_exponential_backoff": 2,
        "max_retry_delay": ENGINE_MAX_RETRY_DELAY,
    }
