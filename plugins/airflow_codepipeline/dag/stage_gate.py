"""The gate in front of a stage. Nothing waits on a worker: the trigger decides and ends the task itself.

Every task that starts imports this module, so what only the triggerer needs is imported there.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator
from airflow.triggers.base import BaseTrigger, StartTriggerArgs, TaskSkippedEvent, TaskSuccessEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from airflow.sdk import Context
    from airflow.triggers.base import TriggerEvent

    from airflow_codepipeline.dag.stage_desk import StageDesk
    from airflow_codepipeline.dag.stage_view import AirflowStageView
    from airflow_codepipeline.definition.model import ExecutionMode
    from airflow_codepipeline.execution.gate import Decision, Order

POLL_SECONDS = 2.0
RETRIES = 10
RETRY_DELAY = timedelta(seconds=2)
SUPERSEDED_BY = "superseded_by"
"""The XCom that names the run which took the waiting place."""
TRIGGER = "airflow_codepipeline.dag.stage_gate.StageGateTrigger"

_desks: dict[tuple[str, str], StageDesk] = {}


def order_of(dag_run: Any) -> Order:
    """Return when an execution started, as an order among executions.

    A backfill's `run_after` is a day in the past, so it counts from when it really started.
    """
    started = dag_run.run_after
    if dag_run.run_type in {"backfill", "scheduled"}:
        started = dag_run.start_date or started
    return started.isoformat(), dag_run.run_id


class StageGateSensor(BaseSensorOperator):
    """Waits in front of a stage until the execution may go in, without a worker slot.

    Succeeds when the execution may enter and is skipped when a newer one superseded it.

    :param mode: the pipeline's execution mode.
    :param exit_task: the id of the task that frees the stage.
    :param starts_in_trigger: whether no worker is needed at all. Airflow 3.3 validates the params where a
        task starts in the triggerer, without the values of the run: a param without default would end the
        triggerer, so a gate of such a pipeline starts on a worker.
    """

    ui_color = "#e6e9f0"

    def __init__(
        self, *, mode: ExecutionMode, exit_task: str, starts_in_trigger: bool = True, **kwargs: Any
    ) -> None:
        kwargs.setdefault("retries", RETRIES)
        kwargs.setdefault("retry_delay", RETRY_DELAY)
        super().__init__(**kwargs)
        self.trigger_kwargs: dict[str, Any] = {
            "mode": mode,
            "enter_task": self.task_id,
            "exit_task": exit_task,
        }
        self.start_from_trigger = starts_in_trigger
        if starts_in_trigger:
            self.start_trigger_args = StartTriggerArgs(
                trigger_cls=TRIGGER, trigger_kwargs=self.trigger_kwargs, next_method="entered"
            )

    def execute(self, context: Context) -> None:
        """Wait in the triggerer; reached only where the task did not start there."""
        order = order_of(context["dag_run"])
        self.defer(trigger=StageGateTrigger(**self.trigger_kwargs, order=order), method_name="entered")

    def entered(self, context: Context, event: Any = None) -> None:
        """Go on; reached only where a trigger cannot end its task (`dag test`)."""


class StageGateTrigger(BaseTrigger):
    """Decides when an execution enters a stage, and ends the gate's task with that decision.

    :param mode: the pipeline's execution mode.
    :param enter_task: the id of the gate's task.
    :param exit_task: the id of the task that frees the stage.
    :param order: when the execution started; read from its DAG run where none is given.
    """

    def __init__(
        self,
        *,
        mode: ExecutionMode,
        enter_task: str,
        exit_task: str,
        order: Order | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.mode: ExecutionMode = mode
        self.enter_task = enter_task
        self.exit_task = exit_task
        self.order = order

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow makes this trigger from again."""
        return TRIGGER, {
            "mode": self.mode,
            "enter_task": self.enter_task,
            "exit_task": self.exit_task,
            "order": self.order,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for the stage, then end the task."""
        from airflow_codepipeline.dag.supervisor import push_xcom
        from airflow_codepipeline.execution.gate import Superseded

        decision = await self._wait()
        if isinstance(decision, Superseded):
            task: Any = self.task_instance
            await push_xcom(
                dag_id=task.dag_id,
                run_id=task.run_id,
                task_id=task.task_id,
                key=SUPERSEDED_BY,
                value=decision.by[1],
            )
            yield TaskSkippedEvent()
        else:
            yield TaskSuccessEvent()

    async def _wait(self) -> Decision:
        from airflow_codepipeline.dag.stage_view import AirflowStageView
        from airflow_codepipeline.execution.gate import Enter

        task: Any = self.task_instance
        view = AirflowStageView(dag_id=task.dag_id, enter_task=self.enter_task, exit_task=self.exit_task)
        if self.mode != "PARALLEL":
            return await self._wait_for_others(view)
        while await view.disabled():
            await asyncio.sleep(POLL_SECONDS)
        return Enter()

    async def _wait_for_others(self, view: AirflowStageView) -> Decision:
        from airflow_codepipeline.dag.stage_desk import StageDesk
        from airflow_codepipeline.execution.gate import Wait

        task: Any = self.task_instance
        desk = _desks.setdefault((task.dag_id, self.enter_task), StageDesk(self.enter_task, self.exit_task))
        order = self.order or order_of(task.get_template_context()["dag_run"])
        try:
            await desk.arrive(task.run_id, (order[0], order[1]), view)
            while True:
                decision = await desk.decide(self.mode, task.run_id, view)
                if not isinstance(decision, Wait):
                    return decision
                await asyncio.sleep(POLL_SECONDS)
        finally:
            desk.leave(task.run_id)
