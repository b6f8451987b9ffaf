"""One evaluation of one rule: what its provider needs, what was started, how it stands."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.actions.base import ActionContext, Job, JobStatus
from airflow_codepipeline.actions.regional import with_regional_inputs
from airflow_codepipeline.actions.registry import open_for_provider, open_session
from airflow_codepipeline.dag.attempt import context_of, timed_out
from airflow_codepipeline.dag.condition_outcome import ErrorDetails, RuleOutcome
from airflow_codepipeline.dag.execution_values import ExecutionValues
from airflow_codepipeline.dag.names import attempt_id
from airflow_codepipeline.definition.layout import lay_out
from airflow_codepipeline.errors import ActionError, CodePipelineError, TransientError
from airflow_codepipeline.execution.conditions import RuleStatus
from airflow_codepipeline.rules.registry import action_of, rule_provider, timeout_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.actions.base import ActionProvider, Aws
    from airflow_codepipeline.dag.condition_declaration import ConditionDeclaration
    from airflow_codepipeline.definition.model import Rule

log = logging.getLogger(__name__)
UNRESOLVED = "ConfigurationError"
"""The code of a rule whose variables or inputs have no value."""


class RuleRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One evaluation of a rule, stored before anything waits for it.

    :param provider: of the rule type.
    :param on_failure: whether it belongs to an onFailure condition.
    :param generation: how often the condition's task had been cleared when it began.
    :param deadline: when the rule times out, ISO 8601.
    :param context: what the provider needs; none where it could not be put together.
    :param errored: whether the rule could not be evaluated at all.
    """

    rule: str
    provider: str
    on_failure: bool
    generation: int
    rule_execution_id: str
    deadline: str
    context: ActionContext | None = None
    job: Job | None = None
    status: RuleStatus = RuleStatus.IN_PROGRESS
    errored: bool = False
    summary: str | None = None
    error: ErrorDetails | None = None

    @property
    def has_ended(self) -> bool:
        """Whether it is decided."""
        return self.status is not RuleStatus.IN_PROGRESS

    @property
    def poll_seconds(self) -> float:
        """Seconds between two looks."""
        return _provider(self).poll_seconds

    def outcome(self) -> RuleOutcome:
        """Return what people see of it."""
        job = self.job
        return RuleOutcome(
            rule_name=self.rule,
            rule_execution_id=self.rule_execution_id,
            status=self.status,
            external_execution_id=job.external_execution_id if job else None,
            external_execution_url=job.external_execution_url if job else None,
            summary=self.summary,
            error_details=self.error,
        )


lay_out(RuleRecord)


def begin(
    declaration: ConditionDeclaration, rule: Rule, context: Mapping[str, Any], *, generation: int
) -> RuleRecord:
    """Resolve a rule. What cannot be resolved makes a record that has ended.

    :param context: Airflow's context of the condition's task.
    :raises TransientError: AWS did not answer for now.
    """
    ti = context["ti"]
    execution_id = attempt_id(
        dag=ti.dag_id,
        run_id=ti.run_id,
        task=f"{ti.task_id}/{rule.name}",
        generation=generation,
        attempt=1,
    )
    record = RuleRecord(
        rule=rule.name,
        provider=rule.rule_type_id.provider,
        on_failure=declaration.hook == "ON_FAILURE",
        generation=generation,
        rule_execution_id=execution_id,
        deadline=(datetime.now(UTC) + timeout_of(rule)).isoformat(),
    )
    try:
        resolved = _resolved(declaration, rule, context, execution_id)
    except TransientError:
        raise
    except CodePipelineError as error:
        return _failed(record, error, errored=True)
    return msgspec.structs.replace(record, context=resolved)


def _resolved(
    declaration: ConditionDeclaration, rule: Rule, context: Mapping[str, Any], execution_id: str
) -> ActionContext:
    values = ExecutionValues(declaration.wiring, context)
    found = context_of(declaration, values, action_of(rule), execution_id)
    found = msgspec.structs.replace(found, subject="Rule")
    return with_regional_inputs(open_session(found))


def start(record: RuleRecord) -> RuleRecord:
    """Start a rule's job, once: the service's token or the provider's own care sees to that.

    :raises TransientError: it may be tried again.
    """
    try:
        aws, provider = _open(record)
        return msgspec.structs.replace(record, job=provider.start(aws))
    except TransientError:
        raise
    except CodePipelineError as error:
        return _failed(record, error)


def look(record: RuleRecord) -> RuleRecord:
    """Ask once how a rule stands. An answer that AWS owes for now is no answer; a late one is a failure."""
    if record.has_ended or record.job is None:
        return record
    try:
        aws, provider = _opened_again(record)
        if provider.poll(aws, record.job) is JobStatus.SUCCEEDED:
            summary = provider.outputs(aws, record.job).summary
            return msgspec.structs.replace(record, status=RuleStatus.SUCCEEDED, summary=summary)
    except TransientError as error:
        log.warning("Rule %s: AWS did not answer: %s", record.rule, error)
        return record
    except CodePipelineError as error:
        return _failed(record, error)
    return record if datetime.now(UTC) < datetime.fromisoformat(record.deadline) else _timed_out(record)


def _opened_again(record: RuleRecord) -> tuple[Aws, ActionProvider]:
    """Open a rule; where that cannot be done any more nobody is to wait for its job."""
    try:
        return _open(record)
    except TransientError:
        raise
    except ActionError:
        stop(record)
        raise


def _timed_out(record: RuleRecord) -> RuleRecord:
    """Stop a rule that takes too long; while AWS does not answer that is done by the next look."""
    try:
        stop(record)
    except TransientError as error:
        log.warning("Rule %s cannot be stopped for now: %s", record.rule, error)
        return record
    except ActionError as error:
        return _failed(record, timed_out("rule", record.deadline, error))
    return _failed(record, timed_out("rule", record.deadline))


def stop(record: RuleRecord) -> None:
    """Stop what runs outside for a rule, whether what its configuration refers to can be had or not.

    :raises ActionError: AWS refuses, or does not answer for now.
    """
    if record.job is not None and not record.has_ended:
        assert record.context is not None
        _provider(record).stop(open_session(record.context), record.job)


def _open(record: RuleRecord) -> tuple[Aws, ActionProvider]:
    assert record.context is not None
    return open_for_provider(record.context), _provider(record)


def _provider(record: RuleRecord) -> ActionProvider:
    return rule_provider(record.provider, on_failure=record.on_failure)


def _failed(record: RuleRecord, error: CodePipelineError, *, errored: bool = False) -> RuleRecord:
    code = error.code if isinstance(error, ActionError) else UNRESOLVED
    message = error.message if isinstance(error, ActionError) else str(error)
    details = ErrorDetails(code, message)
    return msgspec.structs.replace(record, status=RuleStatus.FAILED, errored=errored, error=details)
