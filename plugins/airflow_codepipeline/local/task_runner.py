"""Runs one operator to its end, its trigger included."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    DownstreamTasksSkipped,
    TaskDeferred,
)
from airflow.triggers.base import TaskSuccessEvent

from airflow_codepipeline.dag.action_operator import ActionOperator
from airflow_codepipeline.dag.failure_condition import FailureConditionOperator
from airflow_codepipeline.dag.stage_condition import StageConditionOperator
from airflow_codepipeline.errors import CodePipelineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.triggers.base import TriggerEvent

    from airflow_codepipeline.dag.action_trigger import ActionTrigger
    from airflow_codepipeline.dag.condition_trigger import ConditionTrigger
    from airflow_codepipeline.local.observer import Approver

    Waiting = ActionTrigger | ConditionTrigger


log = logging.getLogger(__name__)


class TaskRunner:
    """Runs tasks, several at once where it is called from several threads.

    :param approver: answers approvals.
    """

    def __init__(self, approver: Approver) -> None:
        self._approver = approver
        self._approving = threading.Lock()
        self._waiting: set[Waiting] = set()
        self._stopped = threading.Event()

    def run(self, task: Any, context: dict[str, Any]) -> dict[str, Any]:
        """Return what the task leaves as its result.

        :raises AirflowException: it failed, and its tries are used up.
        :raises DownstreamTasksSkipped: it succeeded, and what follows it is not to run.
        """
        for tries_left in range(task.retries or 0, -1, -1):
            try:
                return self._try(task, context)
            except (AirflowFailException, DownstreamTasksSkipped):
                raise
            except AirflowException:
                if not tries_left or self._stopped.is_set():
                    raise
                time.sleep(task.retry_delay.total_seconds())
        raise AssertionError("a task has at least one try")

    def stop(self) -> None:
        """Stop what runs outside for every task that waits or is about to; nothing is tried again."""
        self._stopped.set()
        for trigger in tuple(self._waiting):
            _kill(trigger)

    def _try(self, task: Any, context: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(task, ActionOperator | StageConditionOperator):
            return self._approve(task, context)
        try:
            return self._carry_out(task, context)
        except KeyboardInterrupt:
            # It reaches what runs in the main thread alone: a condition.
            if isinstance(task, StageConditionOperator):
                task.stop()
            raise

    def _carry_out(self, task: ActionOperator | StageConditionOperator, context: Any) -> dict[str, Any]:
        task.render_template_fields(context)
        try:
            return self._begin(task, context)
        except TaskDeferred as deferral:
            trigger = cast("Waiting", deferral.trigger)
        event = self._await(trigger)
        if isinstance(event, TaskSuccessEvent) and trigger.result is not None:
            return trigger.result
        return task.resume(context, event.payload)

    def _begin(self, task: Any, context: dict[str, Any]) -> dict[str, Any]:
        # Nothing of the stage is in progress any more, so there is nothing to wait for.
        first: Any = task.settled if isinstance(task, FailureConditionOperator) else task.execute
        result: dict[str, Any] = first(context)
        return result

    def _await(self, trigger: Waiting) -> TriggerEvent:
        async def first() -> TriggerEvent:
            async for event in trigger.run():
                return event
            raise AirflowException(f"The trigger {trigger} ended without an event")

        with self._held(trigger):
            if self._stopped.is_set():
                _kill(trigger)
            return asyncio.run(first())

    @contextlib.contextmanager
    def _held(self, trigger: Waiting) -> Iterator[None]:
        self._waiting.add(trigger)
        try:
            yield
        finally:
            self._waiting.discard(trigger)

    def _approve(self, task: Any, context: dict[str, Any]) -> dict[str, Any]:
        # Whoever sits at the terminal decides: no auth manager says who that is.
        task.approvers = None
        task.prepare(context)
        with self._approving:
            approved, comment = self._approver(task.subject, task.body, self._stopped)
        answer = {
            "chosen_options": [task.APPROVE if approved else task.REJECT],
            "params_input": {"comment": comment},
            "responded_at": datetime.now(UTC),
            "responded_by_user": {"id": "local", "name": "local"},
        }
        result: dict[str, Any] = task.execute_complete(context, answer)
        return result


def _kill(trigger: Waiting) -> None:
    """Stop what a trigger waits for; what cannot be stopped keeps nothing else from it."""
    try:
        asyncio.run(trigger.on_kill())
    except CodePipelineError as error:
        log.warning("It goes on outside: %s", error)
