"""A build specification, read (CodeBuild guide, "Build specification reference")."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

PHASES = ("install", "pre_build", "build", "post_build")
OnFailure = Literal["ABORT", "CONTINUE"]


@dataclass(frozen=True, kw_only=True)
class PhaseCommands:
    """What one phase runs.

    :param last: the `finally` block: runs after `commands`, whether or not they failed.
    :param on_failure: None leaves CodeBuild's own rule: only a failed build phase is followed by others.
    """

    commands: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    on_failure: OnFailure | None = None


@dataclass(frozen=True, kw_only=True)
class ArtifactFiles:
    """Which files make up an output.

    :param files: patterns below the base directory.
    :param exclude: patterns of files to leave out.
    :param name: takes the place of the name the project gave, where that allows it; a shell text.
    """

    files: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    base_directory: str = "."
    discard_paths: bool = False
    name: str | None = None


@dataclass(frozen=True, kw_only=True)
class Buildspec:
    """A whole build specification.

    :param remarks: for the build's log: what it asks for and the embedded CodeBuild ignores.
    """

    version: str
    shell: Literal["bash", "sh"] = "sh"
    variables: dict[str, str] = field(default_factory=dict)
    parameter_store: dict[str, str] = field(default_factory=dict)
    secrets_manager: dict[str, str] = field(default_factory=dict)
    exported_variables: tuple[str, ...] = ()
    phases: dict[str, PhaseCommands] = field(default_factory=dict)
    artifacts: ArtifactFiles | None = None
    secondary_artifacts: dict[str, ArtifactFiles] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def one_shell(self) -> bool:
        """Whether all commands run in the same shell: in version 0.1 each has a shell of its own."""
        return self.version != "0.1"
