"""The wait for all rules of a condition, in the triggerer."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import msgspec
from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent

from airflow_codepipeline.dag.result import XCOM_KEY
from airflow_codepipeline.dag.rule_attempt import RuleRecord, look, stop
from airflow_codepipeline.dag.stopping import is_waited_for, stop_patiently
from airflow_codepipeline.dag.supervisor import in_thread, leave
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.errors import CodePipelineError
from airflow_codepipeline.execution.conditions import RuleStatus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

log = logging.getLogger(__name__)
RULES = "rule_execution_ids"
"""The XCom of a condition's task that waits: which evaluations it waits for."""


class ConditionTrigger(BaseTrigger):
    """Asks after the jobs of a condition's rules until all have ended.

    Where all rules succeeded and nothing else is to be decided the task ends here. Else it resumes on a
    worker, so that the reason stands in the task's log.

    `result` is what the condition left, where it ended here.

    :param records: the evaluations, as `RuleRecord` becomes JSON.
    :param met: what the task leaves where all rules succeeded, its rules left out; none where a worker
        decides.
    """

    def __init__(self, *, records: list[dict[str, Any]], met: dict[str, Any] | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.records = records
        self.met = met
        self.result: dict[str, Any] | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow makes this trigger from again."""
        path = "airflow_codepipeline.dag.condition_trigger.ConditionTrigger"
        return path, {"records": self.records, "met": self.met}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for the end of all rules."""
        records = await self._until_ended()
        if self.met is not None and all(record.status is RuleStatus.SUCCEEDED for record in records):
            await self._leave(self.met | {"rules": [to_json_value(record.outcome()) for record in records]})
            yield TaskSuccessEvent()
        else:
            ended = [to_json_value(record) for record in records]
            yield TriggerEvent({"records": ended})  # type: ignore[no-untyped-call]

    async def on_kill(self) -> None:
        """Stop the jobs: a user marked the task, or cleared it, while it waited (Airflow 3.3)."""
        records = self._records()
        if await is_waited_for(self.task_instance, RULES, [record.rule_execution_id for record in records]):
            log.info("Another triggerer waits for them now.")
            return
        await asyncio.gather(*map(_stop, records))

    async def _until_ended(self) -> list[RuleRecord]:
        records = self._records()
        while waiting := [record for record in records if not record.has_ended]:
            await asyncio.sleep(min(record.poll_seconds for record in waiting))
            records = list(await asyncio.gather(*(in_thread(look, record) for record in records)))
            self.records = [to_json_value(record) for record in records]
        return records

    async def _leave(self, result: dict[str, Any]) -> None:
        self.result = result
        if self.task_instance is not None:
            await leave(self.task_instance, XCOM_KEY, result)

    def _records(self) -> list[RuleRecord]:
        return [msgspec.convert(record, RuleRecord) for record in self.records]


async def _stop(record: RuleRecord) -> None:
    """Stop a rule's job; one that cannot be stopped keeps none of the others."""
    try:
        await stop_patiently(stop, record)
    except CodePipelineError as error:
        log.warning("Rule %s was not stopped: %s", record.rule, error)
