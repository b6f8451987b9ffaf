"""Where an action's task keeps what it started, so that no crash starts it twice.

A task's own XComs are wiped when it starts again, so they cannot hold it. Airflow 3.3 has a store for
each task instance that survives retries and clears; before 3.3 the XComs of the stage's exit task serve:
no worker ever runs that task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from airflow_codepipeline.actions.base import ActionContext, Job
from airflow_codepipeline.dag.wire import to_json_value

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "codepipeline_job"


class JobRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attempt at an action.

    :param generation: how often the task had been cleared when the attempt began.
    :param attempt: the number of the attempt within the generation, from 1.
    :param deadline: when the action times out, ISO 8601.
    :param job: what was started; none until the service has answered.
    :param failure: why the attempt failed; none while it has not.
    """

    generation: int
    attempt: int
    context: ActionContext
    deadline: str
    job: Job | None = None
    failure: str | None = None


class Store(Protocol):
    """A small key-value store of one task instance."""

    def get(self, key: str) -> Any:
        """Return a value, or none."""

    def set(self, key: str, value: Any) -> None:
        """Store a JSON value."""


class JobLedger:
    """The attempts of one task instance; those from before it was cleared do not count.

    :param context: Airflow's context of the task.
    :param exit_task: the id of the stage's exit task.
    """

    def __init__(self, context: Mapping[str, Any], *, exit_task: str) -> None:
        ti = context["ti"]
        self.generation: int = ti.max_tries - (context["task"].retries or 0)
        self._store: Store = context.get("task_state_store") or SiblingXComs(ti, exit_task)

    def current(self) -> JobRecord | None:
        """Return the newest attempt, or none."""
        value = self._store.get(KEY)
        record = None if value is None else msgspec.convert(value, JobRecord)
        return record if record and record.generation == self.generation else None

    def save(self, record: JobRecord) -> JobRecord:
        """Store an attempt before anything depends on it."""
        self._store.set(KEY, to_json_value(record))
        return record


class SiblingXComs:
    """The store before Airflow 3.3: XComs of another task of the run."""

    def __init__(self, ti: Any, sibling: str) -> None:
        self._ti = ti
        self._at = {"dag_id": ti.dag_id, "run_id": ti.run_id, "task_id": sibling, "map_index": -1}

    def get(self, key: str) -> Any:
        """Return a value, or none."""
        from airflow.sdk.execution_time.xcom import XCom

        return XCom.get_one(key=self._own(key), **self._at)

    def set(self, key: str, value: Any) -> None:
        """Store a JSON value."""
        from airflow.sdk.execution_time.xcom import XCom

        XCom.set(key=self._own(key), value=value, **self._at)

    def _own(self, key: str) -> str:
        return f"{key}/{self._ti.task_id}"
