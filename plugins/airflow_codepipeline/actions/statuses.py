"""How the statuses of a service are classified: each exactly once, an unknown one is an error."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from airflow_codepipeline.errors import ActionError


class Verdict(Enum):
    """What a status of a service means for the action that waits for it."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class StatusTable:
    """The statuses of one kind of job.

    :param kind: what has the status, for the error message.
    """

    kind: str
    running: frozenset[str]
    succeeded: frozenset[str]
    failed: frozenset[str]

    def classify(self, status: str) -> Verdict:
        """Return what a status means.

        :raises ActionError: the service has answered with a status that is not in the table.
        """
        if status in self.running:
            return Verdict.RUNNING
        if status in self.succeeded:
            return Verdict.SUCCEEDED
        if status in self.failed:
            return Verdict.FAILED
        known = ", ".join(sorted(self.running | self.succeeded | self.failed))
        raise ActionError(
            "JobFailed", f"The {self.kind} has the unknown status {status!r}. Known are {known}."
        )
