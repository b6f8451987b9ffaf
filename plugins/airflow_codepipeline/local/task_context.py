"""What an operator sees of Airflow in a local execution: its task instance, XComs and state, in memory."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from airflow_codepipeline.dag.result import XCOM_KEY


@dataclass
class LocalDagRun:
    """The DAG run of a local execution.

    :param run_id: a UUID: the pipeline execution's id.
    """

    dag_id: str
    run_id: str
    conf: dict[str, Any] = field(default_factory=dict)
    run_type: str = "manual"
    run_after: datetime = field(default_factory=lambda: datetime.now(UTC))
    clear_number: int = 0


class XComs:
    """The XComs of one execution; actions that run side by side share it."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def push(self, task_id: str, key: str, value: Any) -> None:
        """Store a value of a task."""
        with self._lock:
            self._values[task_id, key] = value

    def pull(self, task_id: str, key: str) -> Any:
        """Return a value of a task, or none."""
        with self._lock:
            return self._values.get((task_id, key))


class LocalTaskInstance:
    """A task of a local execution.

    :param cleared: how often it has been run before, to its end.
    """

    map_index = -1

    def __init__(self, run: LocalDagRun, task: Any, xcoms: XComs, *, cleared: int = 0) -> None:
        self.dag_id = run.dag_id
        self.run_id = run.run_id
        self.task_id: str = task.task_id
        self.max_tries: int = (task.retries or 0) + cleared
        self._xcoms = xcoms

    def xcom_push(self, key: str, value: Any) -> None:
        """Store a value of this task."""
        self._xcoms.push(self.task_id, key, value)

    def get_task_states(
        self, dag_id: str, *, task_ids: list[str], run_ids: list[str]
    ) -> dict[str, dict[str, str]]:
        """Return the states of tasks: nobody ends one here but this process."""
        del dag_id
        return {run_id: dict.fromkeys(task_ids, "running") for run_id in run_ids}

    def xcom_pull(self, task_ids: str, key: str = XCOM_KEY, *, run_id: str | None = None) -> Any:
        """Return a value of another task, or none; of other runs nothing is known."""
        return self._xcoms.pull(task_ids, key) if run_id in {None, self.run_id} else None


class LocalStateStore:
    """What Airflow's task state store is to an operator."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        """Return a value, or none."""
        return self._values.get(key)

    def set(self, key: str, value: Any) -> None:
        """Store a value."""
        self._values[key] = value


def task_context(
    run: LocalDagRun, task: Any, xcoms: XComs, params: dict[str, Any], *, cleared: int = 0
) -> dict[str, Any]:
    """Return the context that an operator's `execute` gets.

    :param cleared: how often the task has been run before, to its end.
    """
    ti = LocalTaskInstance(run, task, xcoms, cleared=cleared)
    return {
        "ti": ti,
        "task_instance": ti,
        "task": task,
        "dag_run": run,
        "params": params,
        "task_state_store": LocalStateStore(),
    }
