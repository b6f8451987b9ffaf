"""Runs builds: so many at once, the others wait."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import threading
from collections import deque
from typing import TYPE_CHECKING

from embedded_aws.codebuild.model import FAILED, STOPPED, TIMED_OUT
from embedded_aws.codebuild.run import Interrupt, Run
from embedded_aws.codebuild.tracker import Tracker
from embedded_aws.errors import BuildError
from embedded_aws.identity import noted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from embedded_aws.backend import Backend
    from embedded_aws.codebuild.model import Record
    from embedded_aws.codebuild.store import Store

_log = logging.getLogger(__name__)
_STOP_SECONDS = 30
_STOPPED = Interrupt(status=STOPPED, error=BuildError("STOPPED", "The build was stopped."))
_ENDED = Interrupt(
    status=FAILED, error=BuildError("BUILD_FAILED", "The embedded AWS was stopped while the build ran.")
)


class _Job:
    """A build that waits or runs."""

    def __init__(self, run: Run, tracker: Tracker, live: Callable[[_Job], None]) -> None:
        self.run = run
        self.tracker = tracker
        self.interrupt: Interrupt | None = None
        self.thread = threading.Thread(target=live, args=(self,), name=tracker.build.id, daemon=True)


class Scheduler:
    """Starts builds in the order they were submitted.

    :param folder: holds the folders of running builds.
    :param at_once: how many builds run at the same time.
    :param gateway_url: AWS_ENDPOINT_URL for the builds.
    """

    def __init__(
        self, *, store: Store, backend: Backend, folder: Path, at_once: int, gateway_url: str
    ) -> None:
        self._store = store
        self._backend = backend
        self._folder = folder
        self._gateway_url = gateway_url
        self._free = at_once
        self._changed = threading.Condition()
        self._waiting: deque[_Job] = deque()
        self._jobs: dict[str, _Job] = {}

    def recover(self) -> None:
        """End what the last embedded AWS left unfinished: its processes, its folders and its builds."""
        for file in self._folder.glob("*.process"):
            _kill(file)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        for record in self._store.incomplete():
            tracker = Tracker(store=self._store, record=record)
            tracker.end(FAILED, BuildError("BUILD_FAILED", "The embedded AWS ended while the build ran."))
            tracker.complete(FAILED)

    def submit(self, record: Record) -> None:
        """Run a build when its turn comes."""
        tracker = Tracker(store=self._store, record=record)
        stream = record.build.logs.stream_name or ""
        run = Run(
            tracker=tracker,
            backend=self._backend,
            folder=self._folder / stream,
            gateway_url=self._gateway_url,
        )
        job = _Job(run, tracker, self._live)
        with self._changed:
            self._jobs[record.build.arn] = job
            self._waiting.append(job)
            job.thread.start()

    def stop(self, record: Record) -> None:
        """Stop a build and wait until it has ended; one that has ended already stays as it is."""
        job = self._jobs.get(record.build.arn)
        if job is not None:
            self._end([job], _STOPPED)

    def close(self) -> None:
        """End every build."""
        self._end(list(self._jobs.values()), _ENDED)

    def _end(self, jobs: list[_Job], interrupt: Interrupt) -> None:
        with self._changed:
            for job in jobs:
                job.interrupt = interrupt
            self._changed.notify_all()
        for job in jobs:
            job.run.interrupt(interrupt)
        for job in jobs:
            job.thread.join(_STOP_SECONDS)

    def _live(self, job: _Job) -> None:
        try:
            job.tracker.begin("SUBMITTED")
            job.tracker.end()
            if self._take_turn(job):
                self._execute(job)
        except Exception:
            _log.exception("Build %s was lost", job.tracker.build.id)
        finally:
            del self._jobs[job.tracker.build.arn]

    def _take_turn(self, job: _Job) -> bool:
        """Wait in QUEUED; whether the build may run."""
        job.tracker.begin("QUEUED")
        with self._changed:
            self._changed.wait_for(
                lambda: job.interrupt is not None or (self._free > 0 and self._waiting[0] is job),
                timeout=job.tracker.build.queued_timeout_in_minutes * 60,
            )
            may_run = job.interrupt is None and self._free > 0 and self._waiting[0] is job
            self._free -= may_run
            self._waiting.remove(job)
            self._changed.notify_all()
        if may_run:
            job.tracker.end()
            return True
        late = Interrupt(status=TIMED_OUT, error=BuildError("QUEUED_TIMED_OUT", "The build waited too long."))
        why = job.interrupt or late
        job.tracker.end(why.status, why.error)
        job.tracker.complete(why.status)
        return False

    def _execute(self, job: _Job) -> None:
        try:
            job.run.execute()
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()


def _kill(process_file: Path) -> None:
    """End the process group an earlier embedded AWS started, if it is still there."""
    process = noted(process_file)
    if process is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
