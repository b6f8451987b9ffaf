"""Budget 5: executions that wait, half of them at a gate and half for an approval, hold no worker slot."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

import psutil

from benchmarks.engine.running import APPROVALS, GATES
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.engine.running import RunningAirflow

SECONDS = 30
_WAITING = {f"{GATES}/Stage0.enter": "deferred", f"{APPROVALS}/Stage1.Ask": "awaiting_input"}


def waiting(airflow: RunningAirflow, count: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """Let executions wait, and look at Airflow's slots while they do.

    :param count: how many executions wait.
    """
    tell(f"{count} executions begin to wait")
    _disable_first_stage(airflow)
    for pipeline in (GATES, APPROVALS):
        for _ in range(count // 2):
            airflow.client.start(pipeline, run_id=str(uuid.uuid4()))
    while _at_their_place(airflow) < count:
        time.sleep(1)
    tell(f"they wait for {SECONDS} s")
    before = _cpu_of_triggerer()
    most = 0
    for _ in range(SECONDS):
        time.sleep(1)
        most = max(most, _slots(airflow))
    spent = _cpu_of_triggerer() - before
    yield Row(budget="5 executions waiting", measured=_at_their_place(airflow))
    yield Row(budget="5 worker slots that they hold", measured=most, limit=0)
    yield Row(
        budget=f"  CPU of the triggerer for {count // 2} gates", measured=100 * spent / SECONDS, unit=" %"
    )


def _disable_first_stage(airflow: RunningAirflow) -> None:
    airflow.database.execute(
        "INSERT INTO variable (key, val, is_encrypted) VALUES (%s, %s, false)",
        (f"codepipeline.transitions.{GATES}", '{"Stage0": {"enabled": false}}'),
    )


def _at_their_place(airflow: RunningAirflow) -> int:
    rows = airflow.rows("SELECT dag_id || '/' || task_id, state, count(*) FROM task_instance GROUP BY 1, 2")
    return sum(count for task, state, count in rows if state and _WAITING.get(task) == state)


def _slots(airflow: RunningAirflow) -> int:
    """Return how many slots the executor has given away."""
    [(count,)] = airflow.rows("SELECT count(*) FROM task_instance WHERE state IN ('queued', 'running')")
    return int(count)


def _cpu_of_triggerer() -> float:
    """Return the CPU time of the triggerer and of the processes below it, in seconds."""
    [process] = [child for child in psutil.Process().children() if "triggerer" in child.cmdline()]
    return sum(sum(one.cpu_times()[:2]) for one in [process, *process.children(recursive=True)])
