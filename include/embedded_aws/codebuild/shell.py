"""Runs the commands of a build one by one, in one shell that lives as long as the build."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedded_aws.errors import BuildError
from embedded_aws.identity import note

if TYPE_CHECKING:
    from pathlib import Path

    from embedded_aws.codebuild.sandbox import Sandbox

# The shell reads names of command files from its input and answers exit statuses on what was its output;
# neither is open in the commands. When a command ends the shell (`exit`, `set -e`), the trap keeps its state.
_DRIVER = """
exec 4>&1 1>&2
embedded_aws_keep() { export -p > "$EMBEDDED_AWS_CONTROL/exports"; pwd > "$EMBEDDED_AWS_CONTROL/folder"; }
if [ -f "$EMBEDDED_AWS_CONTROL/exports" ]; then
  . "$EMBEDDED_AWS_CONTROL/exports"
  cd "$(cat "$EMBEDDED_AWS_CONTROL/folder")"
fi
trap embedded_aws_keep EXIT
while IFS= read -r embedded_aws_file; do
  . "$embedded_aws_file" 4>&- < /dev/null
  echo "$?" >&4
done
"""


class TimedOutError(Exception):
    """The build's time is up."""


class InterruptedBuildError(Exception):
    """The build was stopped from outside."""


@dataclass(kw_only=True)
class Shell:
    """One shell, started again with its state when a command ended it.

    :param sandbox: where it runs.
    :param control: a folder of the build for the shell's own files.
    :param folder: where the commands start, the source.
    :param program: `bash` or `sh`.
    :param environment: complete.
    :param output: descriptor that takes what the commands print.
    :param deadline: by `time.monotonic`.
    :param process_file: names the shell's process while it lives, for whoever has to end it after a crash.
    """

    sandbox: Sandbox
    control: Path
    folder: Path
    program: str
    environment: dict[str, str]
    output: int
    deadline: float
    process_file: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _count: int = field(default=0, init=False)
    _interrupted: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.control.mkdir(parents=True, exist_ok=True)
        (self.control / "driver").write_text(_DRIVER)

    def run(self, command: str, *, alone: bool = False) -> int:
        """Run `command` and return its exit status.

        :param alone: in a shell of its own: what it exports or changes is gone afterwards.
        :raises TimedOutError: the deadline passed; the shell is gone.
        :raises InterruptedBuildError: `interrupt` was called; the shell is gone.
        """
        file = self._written(command)
        if alone:
            file = self._written(f"( . '{file}' )")
        process = self._running()
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(f"{file}\n".encode())
        return self._answer(process)

    def exported(self) -> dict[str, str]:
        """The environment as the commands left it."""
        kept = self.control / "environment"
        name = self.sandbox.path(kept)
        if self.run(f"/usr/bin/env -0 > '{name}'"):
            raise BuildError("CLIENT_ERROR", "the build's environment cannot be read")
        pairs = (pair.partition("=") for pair in kept.read_text(errors="replace").split("\0") if "=" in pair)
        return {name: value for name, _, value in pairs}

    def interrupt(self) -> None:
        """End the shell and all it started, from any thread; `run` raises from now on."""
        self._interrupted = True
        self.close()

    def finish(self) -> None:
        """End the shell when the build has ended, and give back what it holds."""
        if self._process is not None:
            self._release(self._process)

    def close(self) -> None:
        """End the shell and all it started."""
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _written(self, command: str) -> Path:
        self._count += 1
        file = self.control / f"command-{self._count}"
        file.write_text(command + "\n")
        return self.sandbox.path(file)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = self._started()
        if self._interrupted:
            # Between the check of `interrupt` and the start: nobody else ends this one.
            self.close()
            raise InterruptedBuildError
        return self._process

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None:
            self._release(self._process)
        driver = [self.program, str(self.sandbox.path(self.control / "driver"))]
        control = {"EMBEDDED_AWS_CONTROL": str(self.sandbox.path(self.control))}
        process = subprocess.Popen(
            self.sandbox.wrap(driver, self.folder),
            bufsize=0,
            cwd=self.folder,
            env=self.environment | control,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.output,
            start_new_session=True,
        )
        note(self.process_file, process.pid)
        return process

    def _release(self, process: subprocess.Popen[bytes]) -> None:
        """Close what is left of a shell that a command ended, and end what it left running."""
        self.close()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        self.process_file.unlink(missing_ok=True)

    def _answer(self, process: subprocess.Popen[bytes]) -> int:
        assert process.stdout is not None
        remaining = max(0.0, self.deadline - time.monotonic())
        ready, _, _ = select.select([process.stdout], [], [], remaining)
        if not ready:
            self.close()
            raise TimedOutError
        answer = os.read(process.stdout.fileno(), 64)
        if self._interrupted:
            raise InterruptedBuildError
        # Nothing to read: the command ended the shell, and the shell's status is the command's.
        return int(answer) if answer else process.wait()
