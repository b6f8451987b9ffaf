"""Budget 6: from the end of a stage's last action to the start of the next stage's first.

It is wall time, so the pipeline and the hand-written DAGs take turns on one Airflow.
"""

from __future__ import annotations

import time
import uuid
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.engine.running import HOP, STAGES
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.engine.running import RunningAirflow

ACTS = {
    HOP: [f"Stage{number}.Act{number}" for number in range(STAGES)],
    "by-hand-deferrable": [f"act_{number}" for number in range(STAGES)],
    "by-hand-poking": [f"act_{number}" for number in range(STAGES)],
}
LIMIT = 1.5


def hops(airflow: RunningAirflow, rounds: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """Measure the hops of as many rounds, after one to warm up."""
    measured: dict[str, list[float]] = {dag_id: [] for dag_id in ACTS}
    for number in range(rounds + 1):
        tell(f"stage hop, round {number} of {rounds}" if number else "stage hop, warming up")
        for dag_id in ACTS:
            taken = _hops_of_a_run(airflow, dag_id)
            if number:
                measured[dag_id] += taken
    for kind, limit in (("deferrable", LIMIT), ("poking", None)):
        pairs = zip(measured[HOP], measured[f"by-hand-{kind}"], strict=True)
        ratio = median(ours / theirs for ours, theirs in pairs)
        name = "6" if limit else " "
        yield Row(budget=f"{name} stage hop / {kind} sensor by hand", measured=ratio, limit=limit)
    for dag_id, seconds in measured.items():
        yield Row(budget=f"  stage hop, {dag_id}", measured=median(seconds), unit=" s")


def _hops_of_a_run(airflow: RunningAirflow, dag_id: str) -> list[float]:
    run_id = str(uuid.uuid4())
    airflow.client.start(dag_id, run_id=run_id)
    while (state := airflow.client.run_state(dag_id, run_id)) not in {"success", "failed"}:
        time.sleep(0.5)
    if state == "failed":
        raise RuntimeError(f"{dag_id} failed")
    rows = airflow.rows(
        "SELECT task_id, start_date, end_date FROM task_instance WHERE dag_id = %s AND run_id = %s",
        dag_id,
        run_id,
    )
    times = {task: (start, end) for task, start, end in rows}
    return [(times[after][0] - times[before][1]).total_seconds() for before, after in pairwise(ACTS[dag_id])]
