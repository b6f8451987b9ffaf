"""Which task of a DAG produces what: known when the DAG is built, used when an action starts."""

from __future__ import annotations

from typing import Protocol

import msgspec

from airflow_codepipeline.dag.declared import PinnedDefinition, definition_hash
from airflow_codepipeline.dag.names import task_id
from airflow_codepipeline.definition.model import Action, Pipeline, Stage


class Wiring(msgspec.Struct, frozen=True):
    """The producers of a pipeline.

    :param artifacts: the task that writes an artifact, by the artifact's name.
    :param namespaces: the task that emits the variables of a namespace, by the namespace.
    :param definition: what the executions of the DAG are held to.
    """

    pipeline: Pipeline
    artifacts: dict[str, str]
    namespaces: dict[str, str]
    definition: PinnedDefinition

    @classmethod
    def of(cls, pipeline: Pipeline, *, watched: str | None = None) -> Wiring:
        """Find the producers of a pipeline.

        :param watched: the DAG file that waiting executions watch; none: their definition is kept.
        """
        artifacts: dict[str, str] = {}
        namespaces: dict[str, str] = {}
        for stage in pipeline.stages:
            for action in stage.actions:
                producer = task_id(stage.name, action.name)
                for output in action.output_artifacts:
                    artifacts[output.name] = producer
                if action.namespace:
                    namespaces[action.namespace] = producer
        definition = PinnedDefinition(hash=definition_hash(pipeline), watched=watched)
        return cls(pipeline, artifacts, namespaces, definition)


class StageDeclaration(Protocol):
    """What a task of a stage carries out: an action, a condition."""

    @property
    def wiring(self) -> Wiring:
        """Its pipeline's wiring."""

    @property
    def stage(self) -> Stage:
        """The stage that it belongs to."""


class ActionDeclaration(msgspec.Struct, frozen=True):
    """An action where it stands in its pipeline."""

    wiring: Wiring
    stage: Stage
    action: Action

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline that the action belongs to."""
        return self.wiring.pipeline

    def __str__(self) -> str:
        return f"{self.pipeline.name}/{self.stage.name}/{self.action.name}"
