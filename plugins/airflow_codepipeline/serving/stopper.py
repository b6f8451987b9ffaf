"""The DAG that stops the jobs that executions have left behind: a run for each.

Whoever waits for a job stops it where its task is ended. Where nobody is there to be told - its worker died,
no triggerer runs, Airflow is older than 3.3 - a run of this DAG does so when the execution has ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_codepipeline.dag.action_operator import retrying
from airflow_codepipeline.dag.own_dags import on_demand_dag
from airflow_codepipeline.errors import ActionError, TransientError

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.sdk import DAG, Context

CONF = "codepipeline.job"
"""The key of a run's conf that says where the job is kept: an `XComPlace`."""
MOST_RUNS = 100
_ABOUT = """Stops jobs that go on although their execution has ended. A run is a job, its id that of the
action execution. Clear a task that failed: it tells the service again. See docs/stopping.md."""


class XComPlace(msgspec.Struct, frozen=True, kw_only=True):
    """An XCom of a pipeline's execution. What is to be stopped stands there: a conf may be anybody's."""

    dag_id: str
    run_id: str
    task_id: str
    key: str


def stopper_dag(dag_id: str, _value: str | None, _folder: Path) -> DAG:
    """Return the stopper."""
    dag = on_demand_dag(dag_id, _ABOUT, most_runs=MOST_RUNS)
    StopJobOperator(task_id="stop", dag=dag)
    return dag


class StopJobOperator(BaseOperator):
    """Stops the job that its run is about."""

    ui_color = "#f3d9d3"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**(retrying() | kwargs))

    def execute(self, context: Context) -> None:
        """Stop it.

        :raises AirflowFailException: nothing is known of it, or AWS refuses.
        :raises AirflowException: AWS does not answer for now; Airflow tries again.
        """
        from airflow_codepipeline.dag.left_job import LeftJob

        kept = self._kept(context)
        if kept is None:
            raise AirflowFailException(f"No job is kept where the conf of this run says, under {CONF!r}.")
        job = msgspec.convert(kept, LeftJob)
        try:
            job.stop()
        except TransientError as error:
            raise AirflowException(f"{job} was not stopped: {error}. It is tried again.") from error
        except ActionError as error:
            raise AirflowFailException(f"{job} was not stopped: {error}") from error
        self.log.info("Stopped where its service can: %s", job)

    def _kept(self, context: Context) -> Any:
        from airflow.sdk.execution_time.xcom import XCom

        run: Any = context["dag_run"]
        try:
            place = msgspec.convert((run.conf or {}).get(CONF), XComPlace)
        except msgspec.ValidationError:
            return None
        return XCom.get_one(**msgspec.structs.asdict(place), map_index=-1)
