"""Runs one build (CodeBuild guide, "Build phase transitions")."""

from __future__ import annotations

import logging
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded_aws.buildspec.model import PHASES, PhaseCommands
from embedded_aws.codebuild.artifacts import Uploader, outputs
from embedded_aws.codebuild.log import BuildLog
from embedded_aws.codebuild.model import FAILED, FAULT, STOPPED, SUCCEEDED, TIMED_OUT
from embedded_aws.codebuild.shell import InterruptedBuildError, TimedOutError
from embedded_aws.codebuild.workplace import Workplace
from embedded_aws.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedded_aws.backend import Backend
    from embedded_aws.codebuild.commands import Commands
    from embedded_aws.codebuild.tracker import Tracker

_log = logging.getLogger(__name__)
_FOLLOWED_THOUGH_FAILED = ("build", "post_build")


@dataclass(kw_only=True)
class Interrupt:
    """Ends a build from outside; `error` becomes the context of the phase it ends in."""

    status: str
    error: BuildError


class Run:
    """One build, from PROVISIONING to COMPLETED. `execute` is called once, in a thread of its own.

    :param folder: the build's own, made and removed here.
    :param gateway_url: AWS_ENDPOINT_URL for the build.
    """

    def __init__(self, *, tracker: Tracker, backend: Backend, folder: Path, gateway_url: str) -> None:
        self._tracker = tracker
        self._backend = backend
        self._folder = folder
        self._gateway_url = gateway_url
        self._interrupt: Interrupt | None = None
        self._commands: Commands | None = None
        self._log: BuildLog | None = None

    def interrupt(self, interrupt: Interrupt) -> None:
        """End the build as soon as can be, from any thread."""
        self._interrupt = interrupt
        if self._commands is not None:
            self._commands.interrupt()

    def execute(self) -> None:
        """Run the build to its end; nothing it does raises."""
        status = FAULT
        try:
            status = self._outcome()
        except TimedOutError:
            status = TIMED_OUT
            self._leave(TIMED_OUT, BuildError("BUILD_TIMED_OUT", "Build has timed out."))
        except InterruptedBuildError:
            interrupt = self._interrupt or Interrupt(status=STOPPED, error=BuildError("STOPPED", "Stopped."))
            status = interrupt.status
            self._leave(status, interrupt.error)
        except Exception as error:
            _log.exception("Build %s failed inside the embedded AWS", self._tracker.build.id)
            self._leave(FAULT, BuildError("INTERNAL_SERVICE_ERROR", f"{type(error).__name__}: {error}"))
        finally:
            self._finalize(status)

    def _outcome(self) -> str:
        try:
            with self._phase("PROVISIONING"):
                workplace = self._provision()
            with self._phase("DOWNLOAD_SOURCE"):
                commands = self._commands = workplace.download(self._tracker, self._logging())
            succeeded = self._run_phases(commands)
        except BuildError:
            return FAILED
        return SUCCEEDED if succeeded else FAILED

    def _provision(self) -> Workplace:
        build = self._tracker.build
        workplace = Workplace.make(
            record=self._tracker.record,
            backend=self._backend,
            folder=self._folder,
            gateway_url=self._gateway_url,
            deadline=time.monotonic() + build.timeout_in_minutes * 60,
        )
        self._log = BuildLog(
            logs=workplace.client("logs"),
            group=build.logs.group_name or "",
            stream=build.logs.stream_name or "",
        )
        self._log.say("Waiting for agent ping")
        return workplace

    def _logging(self) -> BuildLog:
        assert self._log is not None
        return self._log

    def _run_phases(self, commands: Commands) -> bool:
        succeeded = True
        for name in PHASES:
            wanted = commands.buildspec.phases.get(name, PhaseCommands())
            if self._run_phase(name, wanted, commands):
                continue
            succeeded = False
            commands.mark_failed()
            followed = name in _FOLLOWED_THOUGH_FAILED
            if wanted.on_failure == "ABORT" or (not followed and wanted.on_failure != "CONTINUE"):
                return False
        self._upload(commands)
        return succeeded

    def _run_phase(self, name: str, wanted: PhaseCommands, commands: Commands) -> bool:
        try:
            with self._phase(name.upper()):
                try:
                    commands.run(wanted)
                finally:
                    if self._interrupt is None:
                        self._tracker.update(exported_environment_variables=commands.exported())
        except BuildError:
            return False
        return True

    def _upload(self, commands: Commands) -> None:
        with self._phase("UPLOAD_ARTIFACTS"):
            wanted = outputs(self._tracker.record, commands.buildspec)
            uploader = Uploader(
                record=self._tracker.record,
                source=commands.source,
                root=commands.root,
                s3=commands.s3,
            )
            for artifacts, files in wanted:
                put = uploader.put(commands.upload(artifacts, files))
                self._say(f"Uploaded {put.location}")
                if artifacts.artifact_identifier and artifacts in self._tracker.record.secondary_artifacts:
                    self._tracker.update(secondary_artifacts=(*self._tracker.build.secondary_artifacts, put))
                else:
                    self._tracker.update(artifacts=put)

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        """A phase: what goes wrong inside with a BuildError fails it, and is raised on."""
        if self._interrupt is not None:
            raise InterruptedBuildError
        self._tracker.begin(name)
        self._say(f"Entering phase {name}")
        try:
            yield
        except BuildError as error:
            self._leave(FAILED, error)
            raise
        self._leave(SUCCEEDED, None)

    def _leave(self, status: str, error: BuildError | None) -> None:
        phase = self._tracker.build.current_phase
        self._say(f"Phase complete: {phase} State: {status}")
        code, message = (error.code, error.message) if error else ("", "")
        self._say(f"Phase context status code: {code} Message: {message}")
        self._tracker.end(status, error)

    def _say(self, line: str) -> None:
        if self._log is not None:
            self._log.say(line)

    def _finalize(self, status: str) -> None:
        self._tracker.begin("FINALIZING")
        if self._commands is not None:
            self._commands.finish()
        if self._log is not None:
            self._log.finish()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._tracker.end()
        self._tracker.complete(status)
