"""The channel that a trigger has to Airflow: messages of the Task SDK to its supervisor."""

from __future__ import annotations

from typing import Any


async def ask(message: Any) -> Any:
    """Send a message and return the answer."""
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    return await SUPERVISOR_COMMS.asend(message)


async def push_xcom(*, dag_id: str, run_id: str, task_id: str, key: str, value: Any) -> None:
    """Store an XCom as a worker would.

    The XComs that a task-ending event carries are stored as JSON text: whoever pulls one gets a string.

    :param value: a JSON value.
    """
    from airflow.sdk.execution_time.comms import SetXCom

    await ask(SetXCom(dag_id=dag_id, run_id=run_id, task_id=task_id, key=key, value=value, map_index=-1))
