"""Stopping what runs outside for a task that waits in the triggerer."""

from __future__ import annotations

from typing import Any

from airflow_codepipeline.dag.supervisor import ask, left


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
