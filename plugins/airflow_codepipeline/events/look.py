"""One look at an execution: the states of its tasks at a moment, and what is known of the actions that ended.

Most looks are taken every few seconds, and what happens between two of them is inferred. Those that must not
be missed are left by whoever changes the execution, in the transaction of that change: when it begins, when
it is stopped or retried, when it ends. Only they know the marks that tell a failure from a stop.
"""

from __future__ import annotations

from typing import Any

import msgspec

from airflow_codepipeline.definition.layout import lay_out
from airflow_codepipeline.events.subject import ArtifactPlace
from airflow_codepipeline.execution.standing import Left, StageTasks

ENDED_RUN = frozenset({"success", "failed"})


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of an action.

    :param summary: what people read: what it did, or why it failed.
    :param error_code: CodePipeline's code of the failure; none where it did not fail.
    :param variables: of a source action: what it says of its revision.
    """

    action_execution_id: str | None = None
    external_execution_id: str | None = None
    external_execution_url: str | None = None
    summary: str | None = None
    error_code: str | None = None
    artifacts: tuple[ArtifactPlace, ...] = ()
    variables: dict[str, str] = {}


class StageLook(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`execution.standing.StageTasks` as it is kept; its parameters are described there."""

    name: str
    enter: str | None = None
    exit: str | None = None
    done: str | None = None
    hooks: dict[str, str | None] = {}
    actions: dict[str, str | None] = {}
    left: Left | None = None
    stopped: bool = False
    abandoned: frozenset[str] = frozenset()
    cancelled: bool = False
    skipped: bool = False

    @classmethod
    def of(cls, tasks: StageTasks) -> StageLook:
        """Keep how an execution stands in a stage."""
        return msgspec.convert(tasks, cls, from_attributes=True)

    def tasks(self) -> StageTasks:
        """Return how the execution stands in the stage."""
        values: dict[str, Any] = msgspec.structs.asdict(self)
        return StageTasks(**values)


class Look(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A look.

    :param at: when it was taken, ISO 8601.
    :param attempt: how often the execution had begun.
    :param run: the state of its DAG run.
    :param seen: whether it was taken from outside: then it has no marks, and its bad ends may be anything.
    :param reason: why the execution was stopped, if it was and somebody said it.
    :param cleared: how often the task of an action had been cleared, by `place`; only of those that were.
    :param outcomes: of the actions that have ended, by `place`.
    """

    at: str
    attempt: int
    run: str
    stages: tuple[StageLook, ...]
    seen: bool = False
    reason: str | None = None
    cleared: dict[str, int] = {}
    outcomes: dict[str, Outcome] = {}

    @property
    def ended(self) -> bool:
        """Whether the attempt has ended, with all that belongs to its end."""
        return not self.seen and self.run in ENDED_RUN

    def stage(self, name: str) -> StageTasks:
        """Return how the execution stands in a stage; in one that it does not have it has not begun."""
        return next((stage.tasks() for stage in self.stages if stage.name == name), StageTasks(name=name))


lay_out(Look)


def with_marks(seen: Look, left: Look) -> Look:
    """Return a look from outside with what the last one that was left says of a stop."""
    told = {stage.name: stage for stage in left.stages}
    stages = tuple(
        msgspec.structs.replace(stage, stopped=told[stage.name].stopped, abandoned=told[stage.name].abandoned)
        if stage.name in told
        else stage
        for stage in seen.stages
    )
    return msgspec.structs.replace(seen, stages=stages, reason=left.reason, cleared=left.cleared)
