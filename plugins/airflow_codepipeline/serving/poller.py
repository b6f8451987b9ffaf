"""The DAG that polls sources: `[codepipeline] poll_seconds`.

One run of it waits in the triggerer, without a worker slot, until a source has changed; then a worker starts
what takes that source, the run ends, and the next follows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from airflow.sdk import BaseOperator
from airflow.triggers.base import StartTriggerArgs

from airflow_codepipeline.dag.action_operator import retrying
from airflow_codepipeline.dag.own_dags import continuous_dag
from airflow_codepipeline.dag.snapshot import pipelines_at_origin
from airflow_codepipeline.errors import CodePipelineError
from airflow_codepipeline.serving.poll_records import News
from airflow_codepipeline.serving.poll_trigger import TRIGGER, PollTrigger

if TYPE_CHECKING:
    from airflow.sdk import DAG, Context

TASK = "poll"
_ABOUT = """Asks every source whose action has `PollForSourceChanges` once in {seconds:g} seconds, however
many pipelines take it, and starts an execution of each of them when it has changed.

Leave it unpaused. A run that failed found a source that cannot be read, or a pipeline that cannot be started:
its log says which and why. Polling goes on. What was seen is in the Variables `codepipeline.polled.…`."""


class IntervalError(CodePipelineError):
    """The option `poll_seconds` is no interval."""


def build_poller(dag_id: str, interval: str, folder: Path) -> DAG:
    """Return the poller.

    :param interval: seconds, as the option `poll_seconds` has them.
    :param folder: the definitions.
    :raises IntervalError: the interval is none.
    """
    seconds = _seconds(interval)
    dag = continuous_dag(dag_id, _ABOUT.format(seconds=seconds))
    PollOperator(task_id=TASK, dag=dag, folder=str(pipelines_at_origin(folder)), seconds=seconds)
    return dag


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 86400:
        raise IntervalError(
            f"[codepipeline] poll_seconds is {text!r}. It must be a number of seconds from 1 to 86400."
        )
    return seconds


class PollOperator(BaseOperator):
    """Waits in the triggerer for sources to change, and starts what takes them on a worker.

    :param folder: the definitions.
    :param seconds: how often each source is asked.
    """

    ui_color = "#e6e9f0"
    start_from_trigger = True

    def __init__(self, *, folder: str, seconds: float, **kwargs: Any) -> None:
        super().__init__(**(retrying() | kwargs))
        self.folder = folder
        self.seconds = seconds
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=TRIGGER,
            trigger_kwargs={"folder": folder, "seconds": seconds},
            next_method="noticed",
        )

    def execute(self, context: Context) -> None:
        """Wait; reached only where the task did not start in the triggerer."""
        del context
        self.defer(trigger=PollTrigger(folder=self.folder, seconds=self.seconds), method_name="noticed")

    def noticed(self, context: Context, event: Any = None) -> None:
        """Do what there is to do.

        :raises AirflowFailException: somebody has to see to something; the next run goes on.
        :raises AirflowException: something could not be started yet; it is tried again.
        """
        from airflow.sdk.exceptions import AirflowException, AirflowFailException

        from airflow_codepipeline.serving.polling import carry_out

        del context
        outcome = carry_out(Path(self.folder), msgspec.convert(event, list[News]))
        if outcome.problems:
            raise AirflowFailException(" ".join(outcome.problems))
        if outcome.waiting:
            raise AirflowException(" ".join(outcome.waiting))
