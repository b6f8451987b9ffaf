"""The tasks that evaluate a stage's conditions: in front of its actions, and after their success.

A condition that is not met fails its task, with the rule and the reason in the task's log; where its result
is SKIP the task succeeds and the stage's actions are skipped. The XCom says which, also of a failed task.
What a ROLLBACK makes of that is done in the scheduler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    DownstreamTasksSkipped,
    TaskDeferred,
)

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.condition_outcome import ConditionOutcome
from airflow_codepipeline.dag.result import XCOM_KEY
from airflow_codepipeline.dag.rule_attempt import RuleRecord, begin, look, start, stop
from airflow_codepipeline.dag.rule_ledger import RuleLedger
from airflow_codepipeline.dag.stage_guard import check_inside
from airflow_codepipeline.dag.stopping import was_ended
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.errors import ActionError, CodePipelineError, TransientError
from airflow_codepipeline.execution.conditions import ConditionStatus
from airflow_codepipeline.execution.records import override_key
from airflow_codepipeline.execution.run_order import run_order_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from airflow_codepipeline.dag.condition_declaration import ConditionDeclaration
    from airflow_codepipeline.definition.model import Rule

_PASSED = (ConditionStatus.SUCCEEDED, ConditionStatus.OVERRIDDEN)


class StageConditionOperator(BaseOperator):
    """Evaluates the condition of a stage's beforeEntry or onSuccess.

    :param declaration: the condition, in its pipeline.
    """

    ui_color = "#e9f0dc"

    def __init__(self, *, declaration: ConditionDeclaration, **kwargs: Any) -> None:
        from airflow_codepipeline.dag.action_operator import retrying

        super().__init__(**(retrying() | kwargs))
        self.declaration = declaration
        self._running: list[RuleRecord] = []
        self._told_to_end = False

    def execute(self, context: Context) -> dict[str, Any]:
        """Start the rules, unless an earlier try has, and wait for them.

        :raises AirflowFailException: the condition is not met.
        :raises DownstreamTasksSkipped: it is not met, and its result is SKIP.
        :raises AirflowException: Airflow is to try the task again.
        """
        if self._is_overridden(context):
            return self._conclude(context, ConditionOutcome.overridden(self.declaration))
        return self._evaluate(context)

    def resume(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Go on after waiting: the trigger saw that a rule failed, or could not end the task itself.

        :param event: `{"records": […]}`, how the rules ended.
        """
        if not isinstance(event, dict):
            return self.execute(context)
        records = [msgspec.convert(record, RuleRecord) for record in event["records"]]
        return self._conclude(context, self._outcome(context, records))

    def on_kill(self) -> None:
        """Start nothing any more: Airflow calls it in the midst of `execute`. See `ActionOperator`."""
        self._told_to_end = True

    def stop(self) -> None:
        """Stop what runs outside for the rules that this process has started, or found running."""
        for record in self._running:
            try:
                stop(record)
            except CodePipelineError as error:
                self.log.warning("Rule %s was not stopped: %s", record.rule, error)

    def _evaluate(self, context: Context) -> dict[str, Any]:
        try:
            return self._decide(context)
        except BaseException:
            self._stop_if_ended(context)
            raise

    def _decide(self, context: Context) -> dict[str, Any]:
        ledger = RuleLedger(context, self.declaration)
        try:
            records = [
                self._started(context, ledger, index, rule)
                for index, rule in enumerate(self.declaration.rules)
            ]
        except TransientError as error:
            raise AirflowException(f"{self.declaration}: {error}. It is tried again.") from error
        records = [look(record) for record in records]
        if all(record.has_ended for record in records):
            return self._conclude(context, self._outcome(context, records))
        raise self._deferral(context, records)

    def _started(self, context: Context, ledger: RuleLedger, index: int, rule: Rule) -> RuleRecord:
        record = ledger.current(index)
        if record is None:
            self._refuse_to_begin(context)
            record = ledger.save(index, begin(self.declaration, rule, context, generation=ledger.generation))
        if record.job is None and not record.has_ended:
            if self._told_to_end:
                raise AirflowException(f"Rule {rule.name} was not started: its worker was told to end.")
            record = start(record)
            self._running.append(record)
            self.log.info("Rule %s: %s", rule.name, record.job or record.error)
            return ledger.save(index, record)
        self._running.append(record)
        return record

    def _stop_if_ended(self, context: Context) -> None:
        """Stop the rules where a user ended the task meanwhile: Airflow does not let it wait any more."""
        if self._running and was_ended(context["ti"]):
            self.log.warning("The task was ended meanwhile: its rules are stopped")
            self.stop()

    def _refuse_to_begin(self, context: Context) -> None:
        """Start no rule outside the stage, or of another definition than the execution's.

        :raises AirflowFailException: it would be; the message says what to clear.
        """
        from airflow_codepipeline.dag.definition_pin import refuse_another_definition

        try:
            check_inside(self.declaration, context)
        except ActionError as error:
            raise AirflowFailException(str(error)) from error
        refuse_another_definition(context, self.declaration)

    def _deferral(self, context: Context, records: Sequence[RuleRecord]) -> TaskDeferred:
        from airflow_codepipeline.dag.condition_trigger import RULES, ConditionTrigger

        context["ti"].xcom_push(key=RULES, value=[record.rule_execution_id for record in records])
        met = ConditionOutcome.of(self.declaration, ()).to_xcom() if self._ends_in_trigger else None
        trigger = ConditionTrigger(records=[to_json_value(record) for record in records], met=met)
        return TaskDeferred(trigger=trigger, method_name="resume")

    @property
    def _ends_in_trigger(self) -> bool:
        return True

    def _outcome(self, context: Context, records: Sequence[RuleRecord]) -> ConditionOutcome:
        del context
        return ConditionOutcome.of(self.declaration, records)

    def _conclude(self, context: Context, outcome: ConditionOutcome) -> dict[str, Any]:
        """Leave the outcome, and end the task as it says."""
        value = outcome.to_xcom()
        if outcome.status in _PASSED:
            return value
        context["ti"].xcom_push(key=XCOM_KEY, value=value)
        if outcome.engaged and outcome.result == "SKIP":
            self.log.info("The stage is skipped: %s", outcome.reason)
            raise DownstreamTasksSkipped(tasks=self._first_actions())  # type: ignore[no-untyped-call]
        raise AirflowFailException(f"{self.declaration} is not met: {outcome.reason}")

    def _first_actions(self) -> list[str]:
        stage = self.declaration.stage
        first, *_ = run_order_groups(stage)
        return [names.task_id(stage.name, action.name) for action in first]

    def _is_overridden(self, context: Context) -> bool:
        hook = self.declaration.hook
        if hook == "ON_FAILURE":
            return False
        exit_task = names.exit_id(self.declaration.stage.name)
        return context["ti"].xcom_pull(task_ids=exit_task, key=override_key(hook)) is not None
