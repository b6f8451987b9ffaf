"""The answer that an earlier try of an approval got.

Airflow 3.3.2 fails a task that is answered before the scheduler has noticed that it waits, and tries it
again. The answer stays with the task, but only a trigger can read it: a worker's supervisor has no such
message.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_PAUSE = 10.0


class GivenAnswerTrigger(BaseTrigger):
    """Looks once for an answer; its event is the answer, or nothing where there is none.

    :param ti_id: the id of the task instance that asks.
    """

    def __init__(self, *, ti_id: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ti_id = ti_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow makes this trigger from again."""
        return "airflow_codepipeline.dag.given_answer.GivenAnswerTrigger", {"ti_id": self.ti_id}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, after a pause in which the scheduler notices that the task waits."""
        await asyncio.sleep(_PAUSE)
        yield TriggerEvent(await self._answer())  # type: ignore[no-untyped-call]

    async def _answer(self) -> dict[str, Any] | None:
        from airflow.sdk.exceptions import AirflowRuntimeError
        from airflow.sdk.execution_time.comms import GetHITLDetailResponse

        from airflow_codepipeline.dag.supervisor import ask

        try:
            detail = await ask(GetHITLDetailResponse(ti_id=self.ti_id))  # type: ignore[arg-type]
        except AirflowRuntimeError:
            return None
        if not detail.response_received:
            return None
        user = detail.responded_by_user
        return {
            "chosen_options": detail.chosen_options,
            "params_input": detail.params_input or {},
            "responded_at": detail.responded_at.isoformat(),
            "responded_by_user": {"id": user.id, "name": user.name} if user else None,
        }
