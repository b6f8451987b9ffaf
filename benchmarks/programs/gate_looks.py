"""Prints what a gate's look costs with more and more past executions, as JSON: one object for each history.

Arguments: a pipeline, one of its stages, and how many past executions there are, in growing order.
Airflow's database is on PostgreSQL and holds the DAG. The requests go the way that they go in a triggerer:
through the execution API in the process.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_codepipeline.dag.stage_desk import StageDesk
    from airflow_codepipeline.dag.stage_view import AirflowStageView

DEFERRED = {"enter": "deferred"}


class Channel:
    """The supervisor of a triggerer, without the pipe to it; counts what is asked."""

    def __init__(self) -> None:
        from airflow.jobs.triggerer_job_runner import in_process_api_server
        from airflow.sdk.api.client import Client

        transport = in_process_api_server().transport
        self.client = Client(base_url=None, token="", dry_run=True, transport=transport)
        self.client.base_url = "http://in-process.invalid./"
        self.asked: list[str] = []

    async def asend(self, message: Any) -> Any:
        self.asked.append(message.type + ("" if getattr(message, "run_ids", True) else " of all runs"))
        return getattr(self, message.type)(message)

    def GetTICount(self, message: Any) -> Any:  # noqa: N802 the messages' own names
        return self.client.task_instances.get_count(
            dag_id=message.dag_id, task_ids=message.task_ids, states=message.states
        )

    def GetTaskStates(self, message: Any) -> Any:  # noqa: N802 the messages' own names
        from airflow.sdk.execution_time.comms import TaskStatesResult

        states = self.client.task_instances.get_task_states(
            dag_id=message.dag_id, task_ids=message.task_ids, run_ids=message.run_ids
        )
        return TaskStatesResult.from_api_response(states)

    def GetVariable(self, message: Any) -> Any:  # noqa: N802 the messages' own names
        from airflow.sdk.execution_time.comms import VariableResult

        found = self.client.variables.get(message.key)
        return VariableResult.from_variable_response(found) if hasattr(found, "value") else found

    def PutVariable(self, message: Any) -> Any:  # noqa: N802 the messages' own names
        return self.client.variables.set(message.key, message.value, message.description)

    def GetXCom(self, message: Any) -> Any:  # noqa: N802 the messages' own names
        from airflow.sdk.execution_time.comms import XComResult

        found = self.client.xcoms.get(
            message.dag_id, message.run_id, message.task_id, message.key, message.map_index
        )
        return XComResult.from_xcom_response(found)

    def SetXCom(self, message: Any) -> Any:  # noqa: N802 the messages' own names
        return self.client.xcoms.set(
            message.dag_id,
            message.run_id,
            message.task_id,
            message.key,
            message.value,
            message.map_index,
        )


class Stage:
    """A stage of the pipeline: one execution is inside, one waits, one comes."""

    def __init__(self, dag_id: str, stage: str) -> None:
        import psycopg2
        from airflow.configuration import conf

        address = conf.get("database", "sql_alchemy_conn").replace("+psycopg2", "")
        connection = psycopg2.connect(address)
        connection.autocommit = True
        self.cursor = connection.cursor()
        self.dag_id, self.enter, self.exit = dag_id, f"{stage}.enter", f"{stage}.exit"

    def new_run(self, **states: str) -> str:
        """Create a run as Airflow does; the stage's tasks get these states."""
        import pendulum
        from airflow.models.serialized_dag import SerializedDagModel
        from airflow.utils.state import DagRunState
        from airflow.utils.types import DagRunTriggeredByType, DagRunType

        now = pendulum.now("UTC")
        dag = SerializedDagModel.get_dag(self.dag_id)
        assert dag is not None
        run = dag.create_dagrun(
            run_id=str(uuid.uuid4()),
            logical_date=now,
            run_after=now,
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.RUNNING,
        )
        for task, state in states.items():
            self.cursor.execute(
                "UPDATE task_instance SET state = %s WHERE dag_id = %s AND run_id = %s AND task_id = %s",
                (state, self.dag_id, run.run_id, getattr(self, task)),
            )
        return str(run.run_id)

    def view(self) -> AirflowStageView:
        from airflow_codepipeline.dag.stage_view import AirflowStageView

        return AirflowStageView(dag_id=self.dag_id, enter_task=self.enter, exit_task=self.exit)

    def desk(self) -> StageDesk:
        from airflow_codepipeline.dag.stage_desk import StageDesk

        return StageDesk(self.enter, self.exit)


async def measure(stage: Stage, channel: Channel) -> dict[str, Any]:
    """Return what each look cost, in milliseconds, and whether it asked for all runs."""
    from airflow_codepipeline.dag.stage_desk import Claim

    costs: dict[str, Any] = {}
    inside, waiting = stage.new_run(enter="success"), stage.new_run(**DEFERRED)
    desk, view = stage.desk(), stage.view()

    async def look(name: str, desk: StageDesk) -> None:
        desk.looked_at = 0.0
        channel.asked.clear()
        began = time.perf_counter()
        await desk.decide("QUEUED", waiting, view)
        costs[name] = {
            "ms": round((time.perf_counter() - began) * 1000, 1),
            "all": channel.asked.count("GetTaskStates of all runs"),
        }

    async def arrive(desk: StageDesk, run: str) -> None:
        await desk.arrive(run, Claim(order=(f"2026-01-01T00:00:00+00:00 {run}", run)), view)

    await arrive(desk, waiting)
    await look("a desk's first look", desk)
    await look("its next", desk)
    newcomer = stage.new_run()
    await look("a run has begun", desk)
    await arrive(desk, newcomer)
    await look("it has arrived", desk)
    await look("the next", desk)
    another = stage.desk()
    await arrive(another, waiting)
    await look("another desk's first look", another)
    for run in (inside, waiting, newcomer):
        stage.cursor.execute("UPDATE task_instance SET state = 'success' WHERE run_id = %s", (run,))
        stage.cursor.execute("UPDATE dag_run SET state = 'success' WHERE run_id = %s", (run,))
    return costs


def main() -> None:
    from benchmarks.engine.past import add_past_runs

    from airflow_codepipeline.dag import stage_view, supervisor

    dag_id, name, *histories = sys.argv[1:]
    channel = Channel()
    # Not Airflow's own SUPERVISOR_COMMS: the API in this process would ask itself for Variables.
    for module in (supervisor, stage_view):
        vars(module)["ask"] = channel.asend
    stage = Stage(dag_id, name)
    original = stage.new_run()
    asyncio.run(measure(stage, channel))
    report, there = {}, 1
    for past in map(int, histories):
        if past > there:
            add_past_runs(stage.cursor, dag_id=dag_id, run_id=original, numbers=range(there, past))
            there = past
        report[past] = asyncio.run(measure(stage, channel))
    print(json.dumps(report))


main()
