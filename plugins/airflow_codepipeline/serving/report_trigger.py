"""Follows one attempt at an execution for one who is told of it, until all of it is told."""

from __future__ import annotations

import asyncio
import logging
import time
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import msgspec
from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.own_dags import REPORTER
from airflow_codepipeline.dag.supervisor import ask, in_thread, pull_xcom, push_xcom
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.errors import ActionError, CodePipelineError
from airflow_codepipeline.events.commit_status import commit_messages
from airflow_codepipeline.events.event_bus import event_messages
from airflow_codepipeline.events.notification import notification_messages
from airflow_codepipeline.events.progress import advance, newly_ended
from airflow_codepipeline.events.report import Report
from airflow_codepipeline.events.subject import CONF, Subject, place
from airflow_codepipeline.execution.records import reported_key
from airflow_codepipeline.serving.execution_watch import watch
from airflow_codepipeline.serving.reporter import (
    COMMIT_STATUSES,
    EVENT_BUS,
    NOTIFICATIONS,
    TRIGGER,
    open_sink,
    run_id,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from airflow_codepipeline.events.change import Change
    from airflow_codepipeline.events.look import Look

log = logging.getLogger(__name__)

POLL_SECONDS = 3.0
LONGEST_PAUSE_SECONDS = 60.0
PATIENCE_SECONDS = 600.0
"""How long a sink may fail in a row before its task does; Airflow tries that again, for two hours."""
_COMPOSERS = {
    EVENT_BUS: event_messages,
    NOTIFICATIONS: notification_messages,
    COMMIT_STATUSES: commit_messages,
}


class UndeliveredError(CodePipelineError):
    """A sink could not be told for a long time."""


class ReportTrigger(BaseTrigger):
    """Tells one sink of an attempt at an execution.

    :param sink: who is told.
    :param conf: of the reporter's run; read from that where it is not given.
    """

    def __init__(self, *, sink: str, conf: dict[str, Any] | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.sink = sink
        self.conf = conf

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow makes this trigger from again."""
        return TRIGGER, {"sink": self.sink, "conf": self.conf}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Follow the execution, then end the task."""
        task: Any = self.task_instance
        conf = self.conf or task.get_template_context()["dag_run"].conf
        subject = msgspec.convert(conf[CONF], Subject)
        try:
            await Reporter(self.sink, subject).follow()
        except UndeliveredError as error:
            yield TriggerEvent({"error": str(error)})  # type: ignore[no-untyped-call]
        else:
            yield TaskSuccessEvent()


class _Stand(Enum):
    GOES_ON = auto()
    ENDED = auto()
    ANOTHERS = auto()
    """Nothing more is to be told here: a later attempt's reporter does, or the execution was deleted."""


class Reporter:
    """The report of one attempt to one sink.

    How far it is told is kept with the execution, not with the reporter's run: the next attempt's reporter
    goes on where this one ended, and tells what this one could not.
    """

    def __init__(self, sink: str, subject: Subject) -> None:
        self._name = sink
        self._subject = subject
        self._watch = watch(subject)
        self._report = Report()
        self._courier = Courier(sink, subject)

    async def follow(self) -> None:
        """Tell the sink of the attempt until its end.

        :raises UndeliveredError: it could not be told for a long time.
        """
        await self._earlier_attempt_told()
        kept = await self._kept()
        self._report = Report() if kept is None else msgspec.convert(kept, Report)
        while True:
            stand = await self._look()
            if stand is _Stand.ANOTHERS:
                return
            if await self._courier.deliver(self._report):
                await self._keep()
            if stand is _Stand.ENDED and not self._report.outbox:
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _earlier_attempt_told(self) -> None:
        """Wait until the reporter of the attempt before has ended: what happened is told in its order."""
        from airflow.sdk.exceptions import AirflowRuntimeError
        from airflow.sdk.execution_time.comms import GetDagRunState

        earlier = run_id(self._subject.execution_id, self._subject.attempt - 1)
        while self._subject.attempt > 1:
            try:
                answer = await ask(GetDagRunState(dag_id=REPORTER, run_id=earlier))
            except AirflowRuntimeError:
                return
            if answer.state not in {"queued", "running"}:
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _look(self) -> _Stand:
        sight = await self._watch.look()
        if sight is None:
            log.warning("The execution %s is gone: nothing more is told of it", self._subject.execution_id)
            return _Stand.ANOTHERS
        report, attempt = self._report, self._subject.attempt
        for look in sight.left[report.looks :]:
            if look.attempt > attempt:
                return _Stand.ANOTHERS
            await self._take(look)
            report.looks += 1
            await self._keep()
        last = sight.left[report.looks - 1] if report.looks else None
        if last is not None and last.attempt > attempt:
            return _Stand.ANOTHERS
        if last is not None and last.ended:
            return _Stand.ENDED
        if sight.seen is not None and await self._take(sight.seen):
            await self._keep()
        return _Stand.GOES_ON

    async def _take(self, look: Look) -> bool:
        """Take a look in; return whether there is something to tell."""
        report, subject = self._report, self._subject
        for stage, action, status in list(newly_ended(report.progress, subject, look)):
            key = place(stage, action.name)
            report.outcomes[key] = look.outcomes.get(key) or await self._watch.outcome(stage, action, status)
        changes = advance(report.progress, subject, look)
        for change in changes:
            question = await self._watch.question(change.stage, change.action) if change.asked else {}
            known = self._identified(change, look)
            report.outbox.extend(_COMPOSERS[self._name](subject, known, report, question))
        return bool(changes)

    def _identified(self, change: Change, look: Look) -> Change:
        """Return a change with the id of the action's attempt."""
        if change.level != "action":
            return change
        key = place(change.stage, change.action)
        outcome = self._report.outcomes.get(key) if change.state != "STARTED" else None
        attempt = outcome.action_execution_id if outcome else None
        if attempt is None:
            attempt = names.attempt_id(
                dag=self._subject.dag_id,
                run_id=self._subject.run_id,
                task=names.task_id(change.stage, change.action),
                generation=look.cleared.get(key, 0),
                attempt=1,
            )
        return msgspec.structs.replace(change, action_execution_id=attempt)

    async def _kept(self) -> Any:
        return await pull_xcom(**self._at, key=reported_key(self._name))

    async def _keep(self) -> None:
        await push_xcom(**self._at, key=reported_key(self._name), value=to_json_value(self._report))

    @property
    def _at(self) -> dict[str, str]:
        subject = self._subject
        return {"dag_id": subject.dag_id, "run_id": subject.run_id, "task_id": subject.home}


class Courier:
    """Delivers what a report has to tell, and tries again with growing pauses."""

    def __init__(self, sink: str, subject: Subject) -> None:
        self._name = sink
        self._subject = subject
        self._failures = 0
        self._failing_since = 0.0
        self._next_try = 0.0

    async def deliver(self, report: Report) -> bool:
        """Deliver what can be delivered; return whether anything was.

        :raises UndeliveredError: nothing could be for a long time.
        """
        if not report.outbox or time.monotonic() < self._next_try:
            return False
        before = len(report.outbox)
        try:
            sink = await in_thread(open_sink, self._name, self._subject)
            report.outbox, error = await in_thread(sink.deliver, list(report.outbox))
        except ActionError as failure:
            error = failure
        if error is None:
            self._failures = 0
        else:
            self._failed(error, len(report.outbox))
        return len(report.outbox) < before

    def _failed(self, error: ActionError, count: int) -> None:
        now = time.monotonic()
        self._failures += 1
        if self._failures == 1:
            self._failing_since = now
        self._next_try = now + min(LONGEST_PAUSE_SECONDS, 2.0**self._failures)
        of = f"{self._subject.pipeline} {self._subject.execution_id}"
        what = f"{self._name}: {count} undelivered of {of}: {error}"
        log.warning("%s. It is tried again", what)
        if now - self._failing_since > PATIENCE_SECONDS:
            raise UndeliveredError(what)
