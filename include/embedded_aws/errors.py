"""The errors of the embedded AWS.

EmbeddedAwsError
├── SetupError      the embedded AWS cannot start: the message says why and what to do
├── ServiceError    an AWS error, answered to the caller with its code
└── BuildError      a phase of a build failed; becomes the phase's context
"""

from __future__ import annotations


class EmbeddedAwsError(Exception):
    """The root of this package's errors."""


class SetupError(EmbeddedAwsError):
    """The embedded AWS cannot start on this machine as it was asked to."""


class ServiceError(EmbeddedAwsError):
    """An error in AWS's words, for the caller of an operation.

    :param code: the exception's name in the service model, such as ResourceNotFoundException.
    :param message: for the person who called.
    :param status: the HTTP status.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        self.code = code
        self.message = message
        self.status = status
        super().__init__(f"{code}: {message}")


class BuildError(EmbeddedAwsError):
    """A phase of a build failed.

    :param code: the statusCode of the phase's context, such as COMMAND_EXECUTION_ERROR
        (CodeBuild API, PhaseContext).
    :param message: what failed.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")
