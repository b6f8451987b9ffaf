"""The task that decides what follows when an action of a stage failed: a retry, a rollback, or nothing.

It only decides: what it leaves in XCom is carried out in the scheduler, where tasks can be cleared and runs
be made. It never makes a run fail by itself.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from airflow.sdk.exceptions import AirflowSkipException
from airflow.triggers.base import (
    BaseTrigger,
    StartTriggerArgs,
    TaskSkippedEvent,
    TaskSuccessEvent,
    TriggerEvent,
)

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.condition_outcome import ConditionOutcome
from airflow_codepipeline.dag.result import XCOM_KEY
from airflow_codepipeline.dag.stage_condition import StageConditionOperator
from airflow_codepipeline.execution.conditions import ConditionStatus, is_engaged
from airflow_codepipeline.execution.records import CANCELLED, RETRIES, STOPPED, StageRetries
from airflow_codepipeline.execution.status import FINISHED_TASK_STATES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from airflow.sdk import Context

    from airflow_codepipeline.dag.condition_declaration import ConditionDeclaration
    from airflow_codepipeline.dag.rule_attempt import RuleRecord

POLL_SECONDS = 2.0
TRIGGER = "airflow_codepipeline.dag.failure_condition.StageFailureTrigger"


class FailureConditionOperator(StageConditionOperator):
    """Decides what follows on a failure of its stage.

    :param declaration: the stage's onFailure.
    :param starts_in_trigger: whether no worker is needed where there are no rules to start. See
        `StageGateSensor`.
    """

    ui_color = "#f3dfdc"

    def __init__(
        self, *, declaration: ConditionDeclaration, starts_in_trigger: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(declaration=declaration, **kwargs)
        stage = declaration.stage
        self.trigger_kwargs: dict[str, Any] = {
            "actions": [names.task_id(stage.name, action.name) for action in stage.actions],
            "exit_task": names.exit_id(stage.name),
            "outcome": None if declaration.rules else ConditionOutcome.of(declaration, ()).to_xcom(),
        }
        self.start_from_trigger = starts_in_trigger
        if starts_in_trigger:
            self.start_trigger_args = StartTriggerArgs(
                trigger_cls=TRIGGER, trigger_kwargs=self.trigger_kwargs, next_method="settled"
            )

    def execute(self, context: Context) -> dict[str, Any]:
        """Wait in the triggerer; reached only where the task did not start there."""
        del context
        self.defer(trigger=StageFailureTrigger(**self.trigger_kwargs), method_name="settled")

    def settled(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Evaluate the rules: nothing of the stage is in progress any more, and an action has failed.

        :param event: nothing to be known: the wait itself is the message.
        :raises AirflowSkipException: the execution was stopped meanwhile.
        """
        del event
        exit_task = names.exit_id(self.declaration.stage.name)
        if any(context["ti"].xcom_pull(task_ids=exit_task, key=key) for key in (STOPPED, CANCELLED)):
            raise AirflowSkipException("The execution was stopped.")
        return self._evaluate(context)

    def resume(self, context: Context, event: Any = None) -> dict[str, Any]:
        """Go on after the rules."""
        return super().resume(context, event) if isinstance(event, dict) else self.settled(context)

    @property
    def _ends_in_trigger(self) -> bool:
        return False

    def _outcome(self, context: Context, records: Sequence[RuleRecord]) -> ConditionOutcome:
        exit_task = names.exit_id(self.declaration.stage.name)
        value = context["ti"].xcom_pull(task_ids=exit_task, key=RETRIES)
        return ConditionOutcome.of(self.declaration, records, retries=_automatic(value))

    def _conclude(self, context: Context, outcome: ConditionOutcome) -> dict[str, Any]:
        del context
        if outcome.status is not ConditionStatus.SUCCEEDED:
            self.log.info("%s is not met: %s", self.declaration, outcome.reason)
        return outcome.to_xcom()


class StageFailureTrigger(BaseTrigger):
    """Waits until no action of a stage is in progress or can still start; then ends the task, or resumes it.

    :param actions: the ids of the stage's action tasks.
    :param exit_task: the id of the task that keeps the records of the stage.
    :param outcome: what the task leaves; none where rules decide, on a worker.
    """

    def __init__(self, *, actions: list[str], exit_task: str, outcome: dict[str, Any] | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.actions = actions
        self.exit_task = exit_task
        self.outcome = outcome

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow makes this trigger from again."""
        return TRIGGER, {"actions": self.actions, "exit_task": self.exit_task, "outcome": self.outcome}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, then decide."""
        states = await self._until_settled()
        if "failed" not in states.values() or await self._was_stopped():
            yield TaskSkippedEvent()
        elif self.outcome is None:
            yield TriggerEvent(None)  # type: ignore[no-untyped-call]
        else:
            await self._leave(self.outcome)
            yield TaskSuccessEvent()

    async def _until_settled(self) -> Mapping[str, str | None]:
        from airflow.sdk.execution_time.comms import GetTaskStates

        from airflow_codepipeline.dag.supervisor import ask

        task: Any = self.task_instance
        message = GetTaskStates(dag_id=task.dag_id, task_ids=self.actions, run_ids=[task.run_id])
        while True:
            states: dict[str, str | None] = (await ask(message)).task_states.get(task.run_id, {})
            if all(states.get(action) in FINISHED_TASK_STATES for action in self.actions):
                return states
            await asyncio.sleep(POLL_SECONDS)

    async def _was_stopped(self) -> bool:
        return any([await self._record(key) is not None for key in (STOPPED, CANCELLED)])

    async def _leave(self, outcome: dict[str, Any]) -> None:
        from airflow_codepipeline.dag.supervisor import leave

        retries = _automatic(await self._record(RETRIES))
        engaged = is_engaged("ON_FAILURE", ConditionStatus.SUCCEEDED, outcome["result"], retries=retries)
        await leave(self.task_instance, XCOM_KEY, outcome | {"engaged": engaged})

    async def _record(self, key: str) -> Any:
        from airflow_codepipeline.dag.supervisor import left

        return await left(self.task_instance, key, of=self.exit_task)


def _automatic(retries: Any) -> int:
    """Return how often a stage was retried by itself, as its record says."""
    return msgspec.convert(retries, StageRetries).auto_stage_retry_attempt if retries else 0
