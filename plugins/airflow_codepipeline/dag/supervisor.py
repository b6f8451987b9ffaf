"""The channel that a trigger has to Airflow: messages of the Task SDK to its supervisor."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import ThreadPoolExecutor

_Answer = TypeVar("_Answer")
_unfinished: set[asyncio.Task[Any]] = set()


async def ask(message: Any) -> Any:
    """Send a message and return the answer.

    A trigger may be cancelled meanwhile; the answer is read all the same. Airflow 3.2 would take it for the
    answer to the next question, of whichever trigger, and end the triggerer.
    """
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    return await to_its_end(SUPERVISOR_COMMS.asend(message))


async def in_thread(
    function: Callable[..., _Answer], *arguments: Any, executor: ThreadPoolExecutor | None = None
) -> _Answer:
    """Call what takes its time, or asks Airflow by itself for connections, in a thread.

    What it asks goes through this loop: else Airflow 3.2 would read answers to others, and end the triggerer.
    A trigger that is cancelled meanwhile learns why, which `sync_to_async` would forget: Airflow stops a job
    only where it reads in the cancellation that a user wanted it.

    :param executor: whose thread it is; none: the loop's. What is cancelled before a thread of its own was
        free is not begun: it is a look, of no use to anybody. In the loop's it is: it may stop a job.
    """
    from asgiref.sync import sync_to_async

    given_up = threading.Event()

    def call() -> _Answer:
        if given_up.is_set():
            raise asyncio.CancelledError
        return function(*arguments)

    try:
        return await to_its_end(sync_to_async(call, thread_sensitive=False, executor=executor)())
    except asyncio.CancelledError:
        if executor is not None:
            given_up.set()
        raise


async def to_its_end(work: Coroutine[Any, Any, _Answer]) -> _Answer:
    """Wait for work that goes on although whoever waits for it is cancelled."""
    task = asyncio.ensure_future(work)
    _unfinished.add(task)
    task.add_done_callback(_ended)
    return await asyncio.shield(task)


def _ended(task: asyncio.Task[Any]) -> None:
    _unfinished.discard(task)
    if not task.cancelled():
        task.exception()  # asked for, so that asyncio does not complain where nobody waits any more


async def push_xcom(*, dag_id: str, run_id: str, task_id: str, key: str, value: Any) -> None:
    """Store an XCom as a worker would.

    The XComs that a task-ending event carries are stored as JSON text: whoever pulls one gets a string.

    :param value: a JSON value.
    """
    from airflow.sdk.execution_time.comms import SetXCom

    await ask(SetXCom(dag_id=dag_id, run_id=run_id, task_id=task_id, key=key, value=value, map_index=-1))


async def pull_xcom(*, dag_id: str, run_id: str, task_id: str, key: str) -> Any:
    """Return an XCom of any task, or none."""
    from airflow.sdk.execution_time.comms import GetXCom, XComResult

    answer = await ask(GetXCom(dag_id=dag_id, run_id=run_id, task_id=task_id, key=key, map_index=-1))
    return answer.value if isinstance(answer, XComResult) else None


async def leave(task: Any, key: str, value: Any, *, of: str | None = None) -> None:
    """Store an XCom in the run of a trigger's task.

    :param value: a JSON value.
    :param of: the id of the task that has it; none: the trigger's own.
    """
    await push_xcom(dag_id=task.dag_id, run_id=task.run_id, task_id=of or task.task_id, key=key, value=value)


async def left(task: Any, key: str, *, of: str) -> Any:
    """Return an XCom of the run of a trigger's task, or none.

    :param of: the id of the task that has it.
    """
    return await pull_xcom(dag_id=task.dag_id, run_id=task.run_id, task_id=of, key=key)


async def kept_variable(key: str) -> str | None:
    """Return the text of a Variable, or none where there is none for certain.

    :raises AirflowRuntimeError: Airflow does not say.
    """
    from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
    from airflow.sdk.execution_time.comms import GetVariable, VariableResult

    answer = await _answer(GetVariable(key=key))
    if isinstance(answer, VariableResult):
        return answer.value
    if answer.error is ErrorType.VARIABLE_NOT_FOUND:
        return None
    raise AirflowRuntimeError(answer)


async def put_variable(key: str, value: str, *, description: str) -> None:
    """Write a Variable.

    :raises AirflowRuntimeError: Airflow does not take it.
    """
    from airflow.sdk.exceptions import AirflowRuntimeError
    from airflow.sdk.execution_time.comms import ErrorResponse, PutVariable

    answer = await _answer(PutVariable(key=key, value=value, description=description))
    if isinstance(answer, ErrorResponse):
        raise AirflowRuntimeError(answer)


async def _answer(message: Any) -> Any:
    """Return the answer to a message, an error among them: a worker raises it, a triggerer returns it."""
    from airflow.sdk.exceptions import AirflowRuntimeError

    try:
        return await ask(message)
    except AirflowRuntimeError as error:
        return error.error


async def get_variable(key: str) -> str | None:
    """Return the text of a Variable, or none."""
    from airflow.sdk.execution_time.comms import GetVariable, VariableResult

    answer = await _answer(GetVariable(key=key))
    return answer.value if isinstance(answer, VariableResult) else None
