"""Rows of Airflow's database that executions are read from, with the columns that are needed and no more."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRow:
    """A DAG run's columns."""

    id: int
    run_id: str
    state: str
    run_type: str
    conf: Mapping[str, Any]
    created_at: datetime
    start_date: datetime | None
    end_date: datetime | None
    updated_at: datetime | None
    logical_date: datetime | None
    run_after: datetime
    data_interval_end: datetime | None
    triggering_user_name: str | None
    clear_number: int
    bundle_version: str | None
    created_dag_version_id: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskRow:
    """A task instance's columns."""

    id: Any
    state: str | None
    start_date: datetime | None
    end_date: datetime | None
    try_number: int
    max_tries: int
    next_method: str | None

    @property
    def goes_on(self) -> bool:
        """Whether it has waited and is about to go on, which Airflow calls scheduled as before it began."""
        return self.state in {"scheduled", "queued"} and self.next_method is not None

    def is_tried_again(self, retries: int) -> bool:
        """Tell whether it is about to be tried again: what its last try started may go on meanwhile.

        :param retries: how often it may be.
        """
        before = self.max_tries - retries
        return self.state in {"scheduled", "queued"} and self.try_number > before + 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """A try that Airflow keeps of a task.

    :param max_tries: what the task's own `max_tries` was then.
    """

    state: str | None
    start_date: datetime | None
    end_date: datetime | None
    max_tries: int


def read_runs(session: Session, dag_id: str, run_ids: Iterable[str], *, lock: bool = False) -> list[RunRow]:
    """Return runs of a DAG.

    :param lock: whether they are kept from the scheduler, and from other callers, until the session ends.
    """
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    query = select(*run_columns()).where(DagRun.dag_id == dag_id, DagRun.run_id.in_(list(run_ids)))
    if lock:
        query = query.with_for_update()
    return [run_row(row) for row in session.execute(query)]


def run_columns() -> tuple[Any, ...]:
    """Return the columns that a `RunRow` is made of, for a query."""
    from airflow.models.dagrun import DagRun

    return tuple(
        getattr(DagRun, "_state" if name == "state" else name) for name in RunRow.__dataclass_fields__
    )


def run_row(row: Any) -> RunRow:
    """Return the answer to a query of `run_columns`."""
    values = dict(zip(RunRow.__dataclass_fields__, row, strict=True))
    return RunRow(**values | {"conf": values["conf"] or {}, "state": values["state"] or "queued"})


def read_tasks(session: Session, dag_id: str, run_ids: list[str]) -> dict[str, dict[str, TaskRow]]:
    """Return the tasks of runs, by run and task."""
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    columns = [getattr(TaskInstance, name) for name in TaskRow.__dataclass_fields__]
    query = select(TaskInstance.run_id, TaskInstance.task_id, *columns).where(
        TaskInstance.dag_id == dag_id, TaskInstance.run_id.in_(run_ids)
    )
    found: dict[str, dict[str, TaskRow]] = defaultdict(dict)
    for run_id, task_id, *values in session.execute(query):
        found[run_id][task_id] = TaskRow(**dict(zip(TaskRow.__dataclass_fields__, values, strict=True)))
    return found


def read_past(
    session: Session, dag_id: str, run_ids: Iterable[str], tasks: Iterable[str]
) -> dict[tuple[str, str], list[Past]]:
    """Return the tries of tasks before their newest ones, by run and task, the first one first."""
    from airflow.models.taskinstancehistory import TaskInstanceHistory as History
    from sqlalchemy import select

    query = (
        select(
            History.run_id,
            History.task_id,
            History.state,
            History.start_date,
            History.end_date,
            History.max_tries,
        )
        .where(History.dag_id == dag_id, History.run_id.in_(list(run_ids)), History.task_id.in_(list(tasks)))
        .order_by(History.try_number)
    )
    found: dict[tuple[str, str], list[Past]] = defaultdict(list)
    for run_id, task_id, state, start, end, max_tries in session.execute(query):
        found[run_id, task_id].append(
            Past(state=state, start_date=start, end_date=end, max_tries=max_tries or 0)
        )
    return found


def plain(value: Any) -> Any:
    """Return an XCom's value as it was pushed: the database has it as JSON, or as a JSON text."""
    from types import SimpleNamespace

    from airflow.models.xcom import XComModel

    return XComModel.deserialize_value(SimpleNamespace(value=value))
