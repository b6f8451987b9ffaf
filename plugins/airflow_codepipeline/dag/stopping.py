"""Stopping what runs outside for a task that a user ends."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.dag.supervisor import ask, in_thread, left, to_its_end
from airflow_codepipeline.errors import TransientError
from airflow_codepipeline.execution.status import FINISHED_TASK_STATES

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)
TRIES = 5
PAUSE_SECONDS = 5


def was_ended(ti: Any) -> bool:
    """Tell whether a user has ended a task that a worker is at.

    Airflow tells the worker within some seconds; one that hands its wait over before learns nothing of it. A
    task that is cleared meanwhile is not ended: the next try goes on with its job.

    :param ti: the task instance, as the worker has it.
    """
    states = ti.get_task_states(ti.dag_id, task_ids=[ti.task_id], run_ids=[ti.run_id])
    return states.get(ti.run_id, {}).get(ti.task_id) in FINISHED_TASK_STATES


async def is_waited_for(task: Any, key: str, value: Any) -> bool:
    """Tell whether a task still waits for the same, although its trigger was cancelled.

    Airflow cancels a trigger in the same words where a user ended the task, and where another triggerer has
    taken the wait over, because this one was too busy for its heartbeat. Then nothing is to be stopped.

    :param task: the trigger's task; none where there is no Airflow.
    :param key: the XCom of the task that says what it waits for: one that is cleared may wait again.
    """
    from airflow.sdk.execution_time.comms import GetTaskStates

    if task is None:
        return False
    message = GetTaskStates(dag_id=task.dag_id, task_ids=[task.task_id], run_ids=[task.run_id])
    states: dict[str, str | None] = (await ask(message)).task_states.get(task.run_id, {})
    if states.get(task.task_id) != "deferred":
        return False
    # Airflow stores the address of a link that leads nowhere as an empty text.
    return bool((await left(task, key, of=task.task_id) or None) == value)


async def stop_patiently(stop: Callable[..., None], *arguments: Any) -> None:
    """Stop a job; while AWS does not answer it is told again, also where Airflow does not wait any longer.

    :raises ActionError: AWS refuses, or did not answer at all.
    """
    await to_its_end(_stop(stop, arguments))


async def _stop(stop: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    for tries_left in reversed(range(TRIES)):
        try:
            return await in_thread(stop, *arguments)
        except TransientError as error:
            if not tries_left:
                raise
            log.warning("What is to be stopped goes on for now: %s", error)
            await asyncio.sleep(PAUSE_SECONDS)
    raise AssertionError("there is one try at least")
