"""What a local execution tells whoever watches it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading

    from airflow_codepipeline.execution.conditions import ConditionStatus
    from airflow_codepipeline.execution.status import ActionExecutionStatus, StageExecutionStatus


class Observer(Protocol):
    """Follows an execution; its methods are called from several threads."""

    def stage(self, stage: str, status: StageExecutionStatus) -> None:
        """A stage changed its status."""

    def condition(self, stage: str, hook: str, status: ConditionStatus, detail: str = "") -> None:
        """A condition of a stage changed its status; `hook` is beforeEntry, onSuccess or onFailure."""

    def action(self, stage: str, action: str, status: ActionExecutionStatus, detail: str = "") -> None:
        """An action changed its status; `detail` is its summary or the reason of its failure."""


class Approver(Protocol):
    """Answers approvals."""

    def __call__(self, subject: str, body: str, stopped: threading.Event) -> tuple[bool, str]:
        """Return whether it is approved, and a comment.

        :param stopped: set when the execution was interrupted: any answer will do then.
        """
