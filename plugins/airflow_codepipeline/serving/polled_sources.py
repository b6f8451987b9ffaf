"""The sources that are polled, each once however many pipelines take it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_codepipeline.actions.base import ActionContext
from airflow_codepipeline.actions.dynamic_references import references_in
from airflow_codepipeline.actions.polled import polled_provider
from airflow_codepipeline.actions.registry import open_for_provider
from airflow_codepipeline.dag.identity import action_identity, pipeline_identity
from airflow_codepipeline.definition.change_detection import is_polled
from airflow_codepipeline.definition.role_arn import role_home
from airflow_codepipeline.errors import ActionError, TransientError
from airflow_codepipeline.execution.polling import Look
from airflow_codepipeline.execution.start import source_actions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_codepipeline.actions.base import AwsIdentity
    from airflow_codepipeline.definition.model import Action, Pipeline

POLLER = "codepipeline-poller"
"""In the place of an execution's id: what CloudTrail shows as the session of an assumed role."""


@dataclass(kw_only=True)
class PolledSource:
    """One source.

    :param key: tells it from others; 16 hexadecimal digits.
    :param name: what people call it.
    :param actions: the source actions that take it, by pipeline.
    :param askers: as whom it can be asked, the different ones among its actions.
    :param problem: why it cannot be asked at all.
    """

    key: str
    name: str
    actions: dict[str, list[str]] = field(default_factory=dict)
    askers: list[ActionContext] = field(default_factory=list)
    problem: ActionError | None = None

    def look(self) -> Look:
        """Ask what is current, as the first who may.

        It is one call, unless somebody may not read the source: then the next one is asked.

        :raises TransientError: nobody answers for now.
        """
        problem = self.problem
        for context in self.askers:
            try:
                return Look(revision=polled_provider(context.action).current(open_for_provider(context)))
            except TransientError:
                raise
            except ActionError as error:
                problem = error
            # A connection that Airflow does not have, say: the other sources are asked all the same.
            except Exception as error:
                problem = ActionError(type(error).__name__, str(error))
        assert problem is not None
        return Look(problem=problem.code, message=problem.message)


def polled_sources(pipelines: Iterable[Pipeline]) -> dict[str, PolledSource]:
    """Return the sources that are polled for pipelines, by their keys."""
    found: dict[str, PolledSource] = {}
    for pipeline in pipelines:
        for action in source_actions(pipeline).values():
            if is_polled(action):
                _add(found, pipeline, action)
    return found


def source_key(pipeline: Pipeline, action: Action) -> str:
    """Return what tells the source of an action from others.

    :raises ActionError: the configuration cannot work.
    """
    return _key(*_identity(context_outside(pipeline, action)))


def _add(found: dict[str, PolledSource], pipeline: Pipeline, action: Action) -> None:
    try:
        context = context_outside(pipeline, action)
        identity = _identity(context)
    except ActionError as error:
        name = f"{pipeline.name}/{action.name}"
        source = PolledSource(key=_key(name), name=name, problem=error)
        found[source.key] = source
    else:
        key = _key(*identity)
        source = found.setdefault(key, PolledSource(key=key, name=identity[-1]))
        if _may_ask(context) not in map(_may_ask, source.askers):
            source.askers.append(context)
    source.actions.setdefault(pipeline.name, []).append(action.name)


def context_outside(pipeline: Pipeline, action: Action) -> ActionContext:
    """Return what a source's provider may know of its action where no execution runs."""
    return ActionContext(
        pipeline=pipeline.name,
        pipeline_execution_id=POLLER,
        stage=pipeline.stages[0].name,
        action=action,
        action_execution_id=POLLER,
        identity=action_identity(pipeline, action),
        store_identity=pipeline_identity(pipeline),
        references=references_in(action.configuration),
    )


def _identity(context: ActionContext) -> tuple[str, ...]:
    """Return what is the same for actions that take the same source, its name last.

    Not the role: pipelines have roles of their own, and what is current is the same for all of an account.
    """
    place = polled_provider(context.action).place(context)
    kind, asked = str(context.action.action_type_id), context.identity
    if context.action.action_type_id.owner != "AWS":
        return kind, context.action.airflow.git_conn_id or "", place
    return kind, asked.connection_id or "", _account(asked), asked.region, place


def _account(identity: AwsIdentity) -> str:
    """Return the account in which an action asks, or nothing where it is the connection's own."""
    home = role_home(identity.roles[-1]) if identity.roles else None
    return home.account if home else ""


def _may_ask(context: ActionContext) -> tuple[object, ...]:
    return context.identity, context.action.configuration.get("OAuthToken")


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
