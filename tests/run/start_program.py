"""Carries out operations of `service/` on an Airflow's database: a line of JSON in, a line out.

`{"start": {…}}` starts an execution, `{"together": {…}, "times": 5}` several at the same time, each in a
thread and a session of its own; `{"run": "…"}` reads a DAG run, `{"paused": true}` sets what it says.
"""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy import select, update

from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.service.start import start_execution


def start(arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        with create_session() as session:
            return start_execution(session, "ada", **arguments)
    except Refusal as refusal:
        return {"code": refusal.code, "message": refusal.message}


def together(arguments: dict[str, Any], times: int) -> list[dict[str, Any]]:
    barrier = threading.Barrier(times)

    def one(_: int) -> dict[str, Any]:
        barrier.wait()
        return start(arguments)

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))


def run(run_id: str) -> dict[str, Any]:
    columns = ("run_id", "conf", "run_type", "triggering_user_name", "logical_date", "run_after", "state")
    with create_session() as session:
        row = session.execute(
            select(*(getattr(DagRun, "_state" if name == "state" else name) for name in columns)).where(
                DagRun.run_id == run_id
            )
        ).one()
        tasks = session.scalars(select(DagRun).where(DagRun.run_id == run_id)).one().task_instances
        return dict(zip(columns, row, strict=True)) | {"tasks": sorted(task.task_id for task in tasks)}


def paused(dag_id: str, value: bool) -> None:
    with create_session() as session:
        session.execute(update(DagModel).where(DagModel.dag_id == dag_id).values(is_paused=value))


def carry_out(step: dict[str, Any]) -> Any:
    if "together" in step:
        return together(step["together"], step["times"])
    if "run" in step:
        return run(step["run"])
    if "paused" in step:
        return paused(step["pipeline"], step["paused"])
    return start(step["start"])


for line in sys.stdin:
    sys.stdout.write("ANSWER " + json.dumps(carry_out(json.loads(line)), default=str) + "\n")
    sys.stdout.flush()
