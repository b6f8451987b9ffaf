"""The execution that is reported of: what every event about it says, and what its stages and actions are.

It travels in the conf of the reporter's run, for a trigger has neither a DAG folder nor a database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from airflow_codepipeline.definition.extension import NotificationRule
from airflow_codepipeline.definition.model import ActionTypeId
from airflow_codepipeline.execution.start import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator

CONF = "codepipeline.report"
"""The key of the reporter's conf that holds a `Subject`."""


class ArtifactPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An artifact and where it lies in S3.

    :param revision: the source revision that it was made from: a commit, an object version.
    """

    name: str
    bucket: str
    key: str
    revision: str | None = None


class CommitPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the statuses of the commits of a source action are written.

    :param connection: the Airflow connection with the token.
    :param repository: as its server calls it: `owner/name`, `group/subgroup/name`.
    :param server: its address; none: the connection's, or its provider's own.
    :param provider: as CodeConnections spells it, `GitHub` or `GitLab`; none: the source's variables or the
        connection say it.
    """

    connection: str
    repository: str
    server: str | None = None
    provider: str | None = None


class ReportedAction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An action.

    :param region: its own; none: the pipeline's.
    :param inputs: the names of its input artifacts.
    :param commit: where its commits' statuses are written, if they are.
    """

    name: str
    type: ActionTypeId
    run_order: int = 1
    region: str | None = None
    inputs: tuple[str, ...] = ()
    commit: CommitPlace | None = None


class ReportedStage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stage."""

    name: str
    actions: tuple[ReportedAction, ...]


class Subject(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An execution.

    :param attempt: how often it has begun, this time included: the reporter's run is of this attempt.
    :param home: the id of the task that keeps what the whole execution knows of itself: its XComs have the
        looks that were left, and how far each sink has been told.
    :param stages: those that it may come to: of a rollback the one that it runs again.
    :param started: when it started, ISO 8601.
    :param region: the pipeline's; none: the environment's.
    :param role_arn: the pipeline's: it says which account is the pipeline's.
    :param connection: the Airflow connection that AWS is called through.
    :param change: what is told of the change to a repository that started it.
    :param inherited: of a rollback: the artifacts of the execution that it goes back to.
    """

    dag_id: str
    run_id: str
    home: str
    attempt: int
    pipeline: str
    execution_id: str
    version: int
    started: str
    trigger: Trigger
    stages: tuple[ReportedStage, ...]
    region: str | None = None
    role_arn: str | None = None
    connection: str | None = None
    notifications: tuple[NotificationRule, ...] = ()
    change: dict[str, str] = {}
    inherited: tuple[ArtifactPlace, ...] = ()

    def actions(self) -> Iterator[tuple[str, ReportedAction]]:
        """Yield every action, with the name of its stage."""
        for stage in self.stages:
            for action in stage.actions:
                yield stage.name, action

    def action(self, stage: str, name: str) -> ReportedAction:
        """Return an action.

        :raises KeyError: there is none of that name in the stage.
        """
        for where, action in self.actions():
            if (where, action.name) == (stage, name):
                return action
        raise KeyError(place(stage, name))


def place(stage: str, action: str) -> str:
    """Return what an action is called among those of all stages."""
    return f"{stage}/{action}"
