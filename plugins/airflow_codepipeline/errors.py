"""Every error this package raises on purpose.

CodePipelineError
├── DefinitionError      a definition cannot be used; carries its findings
├── VariableError        a reference `#{namespace.key}` has no value
├── ArtifactError        an artifact cannot be read, written or unpacked
└── ActionError          an action failed; `code` is what CodePipeline shows in errorDetails
    └── TransientError   AWS did not answer for now: what was asked may be asked again
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_codepipeline.definition.findings import Finding


class CodePipelineError(Exception):
    """The root of this package's errors."""


class DefinitionError(CodePipelineError):
    """A definition that cannot become a DAG.

    :param findings: everything that is wrong with it, at least one.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class VariableError(CodePipelineError):
    """A variable reference that has no value, or is not allowed where it stands."""


class ArtifactError(CodePipelineError):
    """An artifact that is missing, malformed, too large, or would write outside its folder."""


class ActionError(CodePipelineError):
    """An action failed.

    :param code: JobFailed, ConfigurationError, PermissionError, RevisionUnavailable, SystemUnavailable …
        (CodePipeline API, FailureDetails and ErrorDetails), or the error code of the AWS call that failed.
    :param message: for the person who reads the pipeline: what failed, where, what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")


class TransientError(ActionError):
    """A call that may succeed when it is made again: throttling, a timeout, a lost connection."""
