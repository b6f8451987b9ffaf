"""The DAG that starts executions when sources change: EventBridge, a queue, this.

One run of it waits for messages without a worker slot, starts what they want and ends; the next follows. A
run that fails, or whose worker is killed, loses nothing: what it had not removed comes again.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from airflow.sdk import BaseOperator
from airflow.triggers.base import StartTriggerArgs

from airflow_codepipeline.changes.delivery import Delivery
from airflow_codepipeline.dag.own_dags import continuous_dag, option
from airflow_codepipeline.dag.snapshot import pipelines_at_origin
from airflow_codepipeline.errors import CodePipelineError
from airflow_codepipeline.serving.queue_trigger import TRIGGER, QueueTrigger, open_queue

if TYPE_CHECKING:
    from airflow.sdk import DAG, Context

    from airflow_codepipeline.serving.dispatching import Queue

TASK = "dispatch"
CONNECTION_OPTION = "event_queue_conn_id"
MOST = 500
"""How many messages are sorted and started together."""
_DRAIN_SECONDS = 1
_RETRIES = 5
_QUEUE = re.compile(r"https?://[^\s/]+/\S+|[\w-]{1,80}(\.fifo)?", re.ASCII)
_ABOUT = """Starts an execution for each change that EventBridge tells of, through the queue {queue}.

Leave it unpaused. A run that failed had messages that it could not do anything with: its log says which and
why, and they are in the queue or in its dead-letter queue."""


class QueueOptionError(CodePipelineError):
    """The option `event_queue` names no queue."""


def build_dispatcher(dag_id: str, queue: str, folder: Path) -> DAG:
    """Return the dispatcher.

    :param queue: the URL or name of the queue: the option `event_queue`.
    :param folder: the definitions.
    :raises QueueOptionError: the option is neither.
    """
    if not _QUEUE.fullmatch(queue):
        raise QueueOptionError(
            f"[codepipeline] event_queue is {queue!r}. It must be the URL of a queue, such as "
            "https://sqs.eu-west-1.amazonaws.com/123456789012/pipeline-changes, or its name."
        )
    dag = continuous_dag(dag_id, _ABOUT.format(queue=queue))
    DispatchOperator(
        task_id=TASK,
        dag=dag,
        event_queue=queue,
        connection_id=option(CONNECTION_OPTION),
        folder=str(pipelines_at_origin(folder)),
    )
    return dag


class DispatchOperator(BaseOperator):
    """Waits for messages in the triggerer, and starts what they want on a worker.

    Where Airflow starts the task in the triggerer (3.3) no worker has run before the message is there, so the
    scheduler cannot take the end of that worker for the end of this one.

    :param event_queue: the queue's URL or name; `queue` is what Airflow calls its executors' own.
    :param connection_id: the Airflow connection that it is reached through.
    :param folder: the definitions.
    """

    ui_color = "#e6e9f0"
    start_from_trigger = True

    def __init__(self, *, event_queue: str, connection_id: str | None, folder: str, **kwargs: Any) -> None:
        kwargs.setdefault("retries", _RETRIES)
        kwargs.setdefault("retry_delay", timedelta(seconds=10))
        kwargs.setdefault("retry_exponential_backoff", True)
        kwargs.setdefault("max_retry_delay", timedelta(minutes=5))
        super().__init__(**kwargs)
        self.event_queue = event_queue
        self.connection_id = connection_id
        self.folder = folder
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=TRIGGER, trigger_kwargs=self._trigger_kwargs, next_method="received"
        )

    @property
    def _trigger_kwargs(self) -> dict[str, Any]:
        return {"queue": self.event_queue, "connection_id": self.connection_id}

    def execute(self, context: Context) -> None:
        """Take what is there, or wait; reached only where the task did not start in the triggerer."""
        del context
        queue = open_queue(self.event_queue, self.connection_id)
        there = _drained(queue, [])
        if there:
            self._dispatch(queue, there)
        else:
            self.defer(trigger=QueueTrigger(**self._trigger_kwargs), method_name="received")

    def received(self, context: Context, event: Any = None) -> None:
        """Take the messages that ended the wait, and all that have come since."""
        del context
        queue = open_queue(self.event_queue, self.connection_id)
        self._dispatch(queue, _drained(queue, msgspec.convert(event, list[Delivery])))

    def _dispatch(self, queue: Queue, deliveries: list[Delivery]) -> None:
        """Start what the messages want.

        :raises AirflowFailException: some were left; the run shows it, and the next goes on.
        """
        from airflow.sdk.exceptions import AirflowFailException

        from airflow_codepipeline.serving.definitions_at_hand import read_definitions
        from airflow_codepipeline.serving.dispatching import dispatch

        left = dispatch(queue, deliveries, read_definitions(Path(self.folder)))
        if left:
            raise AirflowFailException(
                f"{len(left)} of {len(deliveries)} messages stay in the queue: {left[0]}"
            )


def _drained(queue: Queue, received: list[Delivery]) -> list[Delivery]:
    """Return what was received and all else that is there; of one message the last delivery.

    :raises ActionError: the queue cannot be read.
    """
    by_id = {delivery.message_id: delivery for delivery in received}
    while len(by_id) < MOST:
        more = queue.receive(wait=_DRAIN_SECONDS)
        if not more:
            break
        by_id |= {delivery.message_id: delivery for delivery in more}
    return list(by_id.values())
