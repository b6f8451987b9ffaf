"""The DAG that tells others of executions: a run for each attempt, a task for each who is told.

Each tells by itself and fails by itself; no execution waits for them, and none knows of them.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowException
from airflow.triggers.base import StartTriggerArgs

from airflow_codepipeline.dag.action_operator import retrying
from airflow_codepipeline.dag.identity import known_region
from airflow_codepipeline.dag.own_dags import REPORTER, on_demand_dag, option
from airflow_codepipeline.definition.commit_sources import tells_commits
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.sdk import DAG, Context

    from airflow_codepipeline.definition.model import Pipeline
    from airflow_codepipeline.events.subject import Subject
    from airflow_codepipeline.sinks.base import Sink

TRIGGER = "airflow_codepipeline.serving.report_trigger.ReportTrigger"
EVENT_BUS, NOTIFICATIONS, COMMIT_STATUSES = "event_bus", "notifications", "commit_statuses"
SINKS = (EVENT_BUS, NOTIFICATIONS, COMMIT_STATUSES)
"""Who is told: the ids of the tasks."""
EVENT_SOURCE = "airflow.codepipeline"
"""The source of events where the option `event_source` names none: AWS lets nobody else send as `aws.…`."""
MOST_RUNS = 10_000
"""How many executions may be reported of at once: far more than a scheduler runs."""
_BUS = re.compile(r"(arn:aws[\w-]*:events:[\w-]+:\d{12}:event-bus/)?[\w./-]{1,256}", re.ASCII)
_ABOUT = """Tells EventBridge, notification targets and the servers of commits what becomes of executions.
A run is an attempt at an execution, `<execution id>.<attempt>`. Clear a task that failed: it goes on with
what has not been told. See docs/events.md."""


def reporter_dag(dag_id: str, event_bus: str | None, _folder: Path) -> DAG:
    """Return the reporter.

    :param event_bus: the option of that name; none: there is no bus to be told.
    :raises ActionError: it names no bus.
    """
    if event_bus is not None:
        _check_bus(event_bus)
    dag = on_demand_dag(dag_id, _ABOUT, most_runs=MOST_RUNS)
    for sink in SINKS:
        ReportSensor(sink=sink, task_id=sink, dag=dag)
    return dag


def run_id(execution_id: str, attempt: int) -> str:
    """Return the id of the reporter's run of an attempt at an execution."""
    return f"{execution_id}.{attempt}"


def wanted_sinks(pipeline: Pipeline) -> tuple[str, ...]:
    """Return who is told of the executions of a pipeline."""
    wanted = {
        EVENT_BUS: option(EVENT_BUS) is not None,
        NOTIFICATIONS: bool(pipeline.airflow.notifications),
        COMMIT_STATUSES: tells_commits(pipeline),
    }
    return tuple(sink for sink in SINKS if wanted[sink])


def _check_bus(bus: str) -> None:
    if not _BUS.fullmatch(bus):
        raise ActionError(
            "ConfigurationError",
            f"[codepipeline] event_bus is {bus!r}. It must be the name of an event bus or its ARN, such as "
            "arn:aws:events:eu-west-1:123456789012:event-bus/default.",
        )


def open_sink(name: str, subject: Subject) -> Sink:
    """Return the sink of an execution.

    :raises ActionError: the region of AWS is not known, or the option `event_bus` names no bus.
    """
    if name == COMMIT_STATUSES:
        from airflow.providers.common.compat.sdk import conf

        from airflow_codepipeline.sinks.commit_statuses import CommitStatuses

        return CommitStatuses(subject, base_url=conf.get("api", "base_url", fallback=""))
    identity: dict[str, Any] = {
        "region": known_region(subject.pipeline, subject.region),
        "connection_id": subject.connection,
    }
    if name == NOTIFICATIONS:
        module: Any = import_module("airflow_codepipeline.aws.notification_targets")
        sink: Sink = module.NotificationTargets(subject, **identity)
        return sink
    module = import_module("airflow_codepipeline.aws.event_bus")
    bus = option(EVENT_BUS) or "default"
    _check_bus(bus)
    source = option("event_source") or EVENT_SOURCE
    event_bus: Sink = module.EventBus(subject, **identity, bus=bus, source=source)
    return event_bus


class ReportSensor(BaseSensorOperator):
    """Follows an execution and tells one sink of it, without a worker slot.

    :param sink: who is told, one of `SINKS`.
    """

    ui_color = "#dde7c7"

    def __init__(self, *, sink: str, **kwargs: Any) -> None:
        super().__init__(**(retrying() | kwargs))
        self.trigger_kwargs = {"sink": sink}
        self.start_from_trigger = True
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=TRIGGER, trigger_kwargs=self.trigger_kwargs, next_method="told"
        )

    def execute(self, context: Context) -> None:
        """Follow in the triggerer; reached only where the task did not start there."""
        from airflow_codepipeline.serving.report_trigger import ReportTrigger

        run: Any = context["dag_run"]
        self.defer(trigger=ReportTrigger(**self.trigger_kwargs, conf=dict(run.conf)), method_name="told")

    def told(self, context: Context, event: Any = None) -> None:  # noqa: ARG002 - Airflow's signature
        """Say that the sink could not be told; Airflow tries again.

        :param event: `{"error": …}`.
        :raises AirflowException: always, where there is such an event.
        """
        if isinstance(event, dict):
            raise AirflowException(event["error"])


__all__ = ["REPORTER", "ReportSensor", "open_sink", "reporter_dag", "run_id", "wanted_sinks"]
