"""The gate in front of a stage. Nothing waits on a worker: the trigger decides and ends the task itself.

Every task that starts imports this module, so what only the triggerer needs is imported there.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowFailException
from airflow.triggers.base import (
    BaseTrigger,
    StartTriggerArgs,
    TaskSkippedEvent,
    TaskSuccessEvent,
    TriggerEvent,
)

from airflow_codepipeline.dag.arrival import Arrival
from airflow_codepipeline.dag.names import parse_task_id
from airflow_codepipeline.dag.rollback_gate import why_not_passed
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.execution.records import AGAIN, CANCELLED, STARTED, Again, Cancellation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from airflow.sdk import Context

    from airflow_codepipeline.dag.declared import PinnedDefinition
    from airflow_codepipeline.dag.definition_pin import GatePin
    from airflow_codepipeline.dag.open_runs import Acquaintances
    from airflow_codepipeline.dag.stage_desk import StageDesk
    from airflow_codepipeline.dag.stage_view import AirflowStageView
    from airflow_codepipeline.definition.model import ExecutionMode
    from airflow_codepipeline.execution.gate import Cancelled, Decision, Order

POLL_SECONDS = 2.0
RETRIES = 10
RETRY_DELAY = timedelta(seconds=2)
SUPERSEDED_BY = "superseded_by"
"""The XCom that names the run which took the waiting place."""
REFUSAL = "refusal"
"""What the trigger's event says where nobody is let in."""
TRIGGER = "airflow_codepipeline.dag.stage_gate.StageGateTrigger"

_desks: dict[tuple[str, str], StageDesk] = {}
_met: dict[str, Acquaintances] = {}


class StageGateSensor(BaseSensorOperator):
    """Waits in front of a stage until the execution may go in, without a worker slot.

    Succeeds when the execution may enter. It is skipped when a newer one superseded the execution, or when
    the definition is no longer the execution's.

    :param mode: the pipeline's execution mode.
    :param exit_task: the id of the task that frees the stage.
    :param run_task: the id of the task that keeps what the whole execution knows of itself: the first
        stage's exit.
    :param retry_task: the id of the task that decides on an automatic retry of the stage, if it has one.
    :param definition: the definition that the DAG is of; none: it is not compared with the execution's.
    :param starts_in_trigger: whether no worker is needed at all. Airflow 3.3 validates the params where a
        task starts in the triggerer, without the values of the run: a param without default would end the
        triggerer, so a gate of such a pipeline starts on a worker.
    """

    ui_color = "#e6e9f0"

    def __init__(
        self,
        *,
        mode: ExecutionMode,
        exit_task: str,
        run_task: str,
        retry_task: str | None = None,
        definition: PinnedDefinition | None = None,
        starts_in_trigger: bool = True,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("retries", RETRIES)
        kwargs.setdefault("retry_delay", RETRY_DELAY)
        super().__init__(**kwargs)
        self.trigger_kwargs: dict[str, Any] = {
            "mode": mode,
            "enter_task": self.task_id,
            "exit_task": exit_task,
            "run_task": run_task,
            "retry_task": retry_task,
            "definition": None if definition is None else to_json_value(definition),
        }
        self.start_from_trigger = starts_in_trigger
        if starts_in_trigger:
            self.start_trigger_args = StartTriggerArgs(
                trigger_cls=TRIGGER, trigger_kwargs=self.trigger_kwargs, next_method="entered"
            )

    def execute(self, context: Context) -> None:
        """Wait in the triggerer; reached only where the task did not start there."""
        arrival = Arrival.of(context["dag_run"])
        trigger = StageGateTrigger(**self.trigger_kwargs, arrival=to_json_value(arrival))
        self.defer(trigger=trigger, method_name="entered")

    def entered(self, context: Context, event: Any = None) -> None:
        """Go on where the trigger could not end the task: in `dag test`, and to say why it failed.

        :raises AirflowFailException: nobody is let in.
        """
        del context
        if isinstance(event, dict) and REFUSAL in event:
            raise AirflowFailException(event[REFUSAL])


class StageGateTrigger(BaseTrigger):
    """Decides when an execution enters a stage, and ends the gate's task with that decision.

    :param mode: the pipeline's execution mode.
    :param enter_task: the id of the gate's task.
    :param exit_task: the id of the task that frees the stage.
    :param run_task: the id of the task that keeps what the whole execution knows of itself.
    :param retry_task: the id of the task that decides on an automatic retry of the stage, if it has one.
    :param definition: a `PinnedDefinition` as JSON, if the execution's is to be compared with it.
    :param arrival: an `Arrival` as JSON; read from the DAG run where none is given.
    """

    def __init__(  # noqa: PLR0913 - Airflow hands over what `serialize` returns
        self,
        *,
        mode: ExecutionMode,
        enter_task: str,
        exit_task: str,
        run_task: str,
        retry_task: str | None = None,
        definition: dict[str, Any] | None = None,
        arrival: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.mode: ExecutionMode = mode
        self.enter_task = enter_task
        self.exit_task = exit_task
        self.run_task = run_task
        self.retry_task = retry_task
        self.definition = definition
        self.arrival = arrival

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow makes this trigger from again."""
        return TRIGGER, {
            "mode": self.mode,
            "enter_task": self.enter_task,
            "exit_task": self.exit_task,
            "run_task": self.run_task,
            "retry_task": self.retry_task,
            "definition": self.definition,
            "arrival": self.arrival,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for the stage, then end the task."""
        from airflow_codepipeline.dag.supervisor import leave
        from airflow_codepipeline.execution.gate import Cancelled, Superseded

        arrival = self._arrival()
        if arrival.rollback is not None and arrival.rollback != parse_task_id(self.enter_task)[0]:
            refusal = await why_not_passed(self.task_instance, arrival.rollback)
            yield TriggerEvent({REFUSAL: refusal}) if refusal else TaskSkippedEvent()  # type: ignore[no-untyped-call]
            return
        pin = self._pin(arrival)
        cancelled = await pin.arrive() if pin else None
        decision = Cancelled(cancelled) if cancelled else await self._wait(arrival, pin)
        if isinstance(decision, Cancelled):
            await leave(self.task_instance, CANCELLED, to_json_value(Cancellation(reason=decision.reason)))
            yield TaskSkippedEvent()
        elif isinstance(decision, Superseded):
            await leave(self.task_instance, SUPERSEDED_BY, decision.by[1])
            yield TaskSkippedEvent()
        else:
            yield TaskSuccessEvent()

    def _arrival(self) -> Arrival:
        if self.arrival is not None:
            return msgspec.convert(self.arrival, Arrival)
        task: Any = self.task_instance
        return Arrival.of(task.get_template_context()["dag_run"])

    def _pin(self, arrival: Arrival) -> GatePin | None:
        from airflow_codepipeline.dag.declared import PinnedDefinition
        from airflow_codepipeline.dag.definition_pin import GatePin

        if self.definition is None:
            return None
        return GatePin(
            self.task_instance,
            msgspec.convert(self.definition, PinnedDefinition),
            exit_task=self.exit_task,
            home=self.run_task if arrival.rollback is None else self.exit_task,
            cleared=arrival.cleared > 0,
        )

    async def _wait(self, arrival: Arrival, pin: GatePin | None) -> Decision | Cancelled:
        from airflow_codepipeline.dag.stage_view import AirflowStageView
        from airflow_codepipeline.execution.gate import Cancelled, Enter

        task: Any = self.task_instance
        view = AirflowStageView(
            dag_id=task.dag_id,
            enter_task=self.enter_task,
            exit_task=self.exit_task,
            retry_task=self.retry_task,
        )
        again = await self._comes_again(arrival)
        if self.mode != "PARALLEL":
            return await self._wait_for_others(view, arrival, pin, again=again)
        while not again and await view.disabled():
            if pin and (changed := await pin.watch()):
                return Cancelled(changed)
            await asyncio.sleep(POLL_SECONDS)
        return Enter()

    async def _wait_for_others(
        self, view: AirflowStageView, arrival: Arrival, pin: GatePin | None, *, again: bool
    ) -> Decision | Cancelled:
        from airflow_codepipeline.dag.open_runs import Acquaintances
        from airflow_codepipeline.dag.stage_desk import Claim, StageDesk
        from airflow_codepipeline.execution.gate import Cancelled, Wait

        task: Any = self.task_instance
        key = task.dag_id, self.enter_task
        met = _met.setdefault(task.dag_id, Acquaintances())
        desk = _desks.setdefault(key, StageDesk(self.enter_task, self.exit_task, self.retry_task, met))
        claim = Claim(
            order=await self._order(arrival, view),
            cleared=arrival.cleared,
            again=again,
            rolls_back=arrival.in_place_of is not None,
        )
        try:
            await desk.arrive(task.run_id, claim, view)
            while True:
                if pin and (changed := await pin.watch()):
                    return Cancelled(changed)
                decision = await desk.decide(self.mode, task.run_id, view)
                if not isinstance(decision, Wait):
                    return decision
                await asyncio.sleep(POLL_SECONDS)
        finally:
            desk.leave(task.run_id, cleared=arrival.cleared)

    async def _comes_again(self, arrival: Arrival) -> bool:
        """Tell whether the execution was inside and is retried there."""
        from airflow_codepipeline.dag.supervisor import left

        if not arrival.cleared:
            return False
        mark = await left(self.task_instance, AGAIN, of=self.exit_task)
        return mark is not None and msgspec.convert(mark, Again).cleared == arrival.cleared

    async def _order(self, arrival: Arrival, view: AirflowStageView) -> Order:
        """Return what the execution's age is here; a rollback is just younger than what it answers."""
        task: Any = self.task_instance
        failed = await view.claim(arrival.in_place_of) if arrival.in_place_of else None
        started = await self._started(arrival) if failed is None else f"{failed.order[0]}~"
        return started, str(task.run_id)

    async def _started(self, arrival: Arrival) -> str:
        """Return when the execution started: what its first gate noted, where Airflow forgets it.

        One that comes to its first gate again, as where a backfill is repeated, starts anew: it does not go
        before those that have started since its first time.
        """
        from airflow_codepipeline.dag.supervisor import leave, left

        if not arrival.dated:
            return arrival.started
        is_first = self.exit_task == self.run_task
        noted = None if is_first else await left(self.task_instance, STARTED, of=self.run_task)
        if noted is None:
            await leave(self.task_instance, STARTED, arrival.started, of=self.run_task)
        return str(noted or arrival.started)
