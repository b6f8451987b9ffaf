"""The wait for an action's job, in the triggerer. Where the job succeeded the task ends there and then."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import msgspec
from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent

from airflow_codepipeline.actions.base import JobStatus
from airflow_codepipeline.dag.attempt import finish, open_attempt, stop_attempt, timed_out
from airflow_codepipeline.dag.job_ledger import URL_KEY, JobRecord
from airflow_codepipeline.dag.result import XCOM_KEY
from airflow_codepipeline.dag.stopping import is_waited_for, stop_patiently
from airflow_codepipeline.dag.supervisor import in_thread, leave
from airflow_codepipeline.errors import ActionError, CodePipelineError, TransientError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from airflow_codepipeline.actions.base import ActionProvider, Aws, Job

log = logging.getLogger(__name__)
_AGAIN_SECONDS = 10
_Answer = TypeVar("_Answer")


class ActionTrigger(BaseTrigger):
    """Asks after a job until it has ended.

    Success ends the task here. Failure resumes it on a worker, so that the reason stands in the task's log
    and Airflow's own retries and callbacks apply.

    `result` is what the action left, once the job has succeeded.

    :param record: the attempt, as `JobRecord` becomes JSON.
    """

    def __init__(self, *, record: dict[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.record = record
        self.result: dict[str, Any] | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow makes this trigger from again."""
        return "airflow_codepipeline.dag.action_trigger.ActionTrigger", {"record": self.record}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for the job's end."""
        record = msgspec.convert(self.record, JobRecord)
        try:
            aws, provider = await self._open(record)
            await self._until_succeeded(record, aws, provider)
            result = await _answered(record, finish, record, aws, provider)
        except ActionError as error:
            yield TriggerEvent({"code": error.code, "message": error.message})  # type: ignore[no-untyped-call]
        except CodePipelineError as error:
            yield TriggerEvent({"code": "JobFailed", "message": str(error)})  # type: ignore[no-untyped-call]
        else:
            await self._leave(result)
            yield TaskSuccessEvent()

    async def _leave(self, result: dict[str, Any]) -> None:
        self.result = result
        if self.task_instance is not None:
            await leave(self.task_instance, XCOM_KEY, result)

    async def _open(self, record: JobRecord) -> tuple[Aws, ActionProvider]:
        """Open the attempt; where that cannot be done any more nobody is to wait for the job."""
        try:
            return await _answered(record, open_attempt, record)
        except ActionError:
            await stop_patiently(stop_attempt, record)
            raise

    async def _until_succeeded(self, record: JobRecord, aws: Aws, provider: ActionProvider) -> None:
        deadline = datetime.fromisoformat(record.deadline)
        while True:
            await asyncio.sleep(provider.poll_seconds)
            if await _ask(record, aws, provider) is JobStatus.SUCCEEDED:
                return
            if datetime.now(UTC) > deadline:
                await self._time_out(record)

    async def _time_out(self, record: JobRecord) -> NoReturn:
        try:
            await stop_patiently(stop_attempt, record)
        except ActionError as error:
            raise timed_out("action", record.deadline, error) from error
        raise timed_out("action", record.deadline)

    async def on_kill(self) -> None:
        """Stop the job: a user marked the task, or cleared it, while it waited (Airflow 3.3)."""
        record = msgspec.convert(self.record, JobRecord)
        if await is_waited_for(self.task_instance, URL_KEY, _job(record).external_execution_url):
            log.info("Another triggerer waits for it now.")
            return
        await stop_patiently(stop_attempt, record)


async def _answered(record: JobRecord, question: Callable[..., _Answer], *arguments: Any) -> _Answer:
    """Ask AWS for what an attempt needs; while it does not answer, and there is time, ask again."""
    while True:
        try:
            return await in_thread(question, *arguments)
        except TransientError as error:
            if datetime.now(UTC) > datetime.fromisoformat(record.deadline):
                raise
            log.warning("%s cannot be asked: %s", record.context.action.action_type_id, error)
            await asyncio.sleep(_AGAIN_SECONDS)


async def _ask(record: JobRecord, aws: Aws, provider: ActionProvider) -> JobStatus:
    """Poll once; an answer that AWS owes for now is no answer, and the next poll asks again."""
    try:
        return await in_thread(provider.poll, aws, _job(record))
    except TransientError as error:
        log.warning("%s did not answer: %s", record.context.action.action_type_id, error)
        return JobStatus.RUNNING


def _job(record: JobRecord) -> Job:
    assert record.job is not None
    return record.job
