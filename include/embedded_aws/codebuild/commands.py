"""The commands of a build, phase by phase."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from embedded_aws.codebuild.artifacts import Upload
from embedded_aws.codebuild.model import ExportedVariable
from embedded_aws.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path

    from embedded_aws.buildspec.model import ArtifactFiles, Buildspec, PhaseCommands
    from embedded_aws.codebuild.log import BuildLog
    from embedded_aws.codebuild.model import Artifacts
    from embedded_aws.codebuild.shell import Shell

_REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")


@dataclass(kw_only=True)
class Commands:
    """What runs of a build specification, and what came of it.

    :param source: the folder of the primary source.
    :param root: holds the folders of all sources.
    """

    buildspec: Buildspec
    shell: Shell
    log: BuildLog
    source: Path
    root: Path
    s3: Any
    _environment: dict[str, str] = field(default_factory=dict, init=False)

    def run(self, phase: PhaseCommands) -> None:
        """Run a phase's commands until one fails, then its `finally` block in any case.

        :raises BuildError: COMMAND_EXECUTION_ERROR, for the first command that failed.
        """
        failure: BuildError | None = None
        for block in (phase.commands, phase.last):
            try:
                self._run_block(block)
            except BuildError as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def mark_failed(self) -> None:
        """Tell the commands that follow that the build is failing."""
        self.shell.environment["CODEBUILD_BUILD_SUCCEEDING"] = "0"
        self.shell.run("export CODEBUILD_BUILD_SUCCEEDING=0")

    def exported(self) -> tuple[ExportedVariable, ...]:
        """The variables the build specification exports, with the values they have now."""
        self._environment = self.shell.exported()
        return tuple(
            ExportedVariable(name=name, value=self._environment[name])
            for name in self.buildspec.exported_variables
            if name in self._environment
        )

    def upload(self, artifacts: Artifacts, files: ArtifactFiles) -> Upload:
        """An output with the variables in its base directory and its name filled in."""
        base = _REFERENCE.sub(self._value, files.base_directory)
        placed = replace(files, base_directory=self.shell.sandbox.host(base))
        name = self._name(files.name) if artifacts.override_artifact_name and files.name else None
        return Upload(artifacts=artifacts, files=placed, name=name)

    def interrupt(self) -> None:
        """End what runs, from any thread."""
        self.shell.interrupt()

    def finish(self) -> None:
        """End what is left running."""
        self.shell.finish()

    def _run_block(self, commands: tuple[str, ...]) -> None:
        for command in commands:
            self.log.say(f"Running command {command}")
            status = self.shell.run(command, alone=not self.buildspec.one_shell)
            if status:
                message = f"Error while executing command: {command}. Reason: exit status {status}"
                self.log.say(f"Command did not exit successfully {command} exit status {status}")
                raise BuildError("COMMAND_EXECUTION_ERROR", message)

    def _value(self, reference: re.Match[str]) -> str:
        return self._environment.get(reference[1] or reference[2], "")

    def _name(self, text: str) -> str:
        """What the shell makes of an artifact's name, such as `app-$(date +%F).zip`."""
        kept = self.shell.control / "name"
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        if self.shell.run(f"printf '%s' \"{quoted}\" > '{self.shell.sandbox.path(kept)}'"):
            raise BuildError("CLIENT_ERROR", f"artifact name '{text}' cannot be evaluated")
        return kept.read_text()
