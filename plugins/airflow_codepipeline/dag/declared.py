"""The declaration of a pipeline as its DAG carries it, for processes that have no DAG folder."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.dag.masking import masked
from airflow_codepipeline.definition.model import Pipeline, Stage

if TYPE_CHECKING:
    from airflow_codepipeline.definition.model import Action

KEY = "codepipeline"
"""The entry of a DAG's `default_args`: Airflow serialises it with the DAG, and no operator takes it."""

TAG = "codepipeline"
"""The tag that every pipeline's DAG has."""

_encode = msgspec.json.Encoder(order="deterministic").encode


class PinnedDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """What a DAG tells its gates about the definition that it is of.

    :param watched: the DAG file whose definition may change while a gate waits; none: Airflow keeps it.
    """

    hash: str
    watched: str | None = None


def declaration_text(pipeline: Pipeline) -> str:
    """Return the declaration as JSON, its secrets masked."""
    return _encode(_without_secrets(pipeline)).decode()


def declaration_of(dag: Any) -> Pipeline | None:
    """Return the pipeline that a DAG, serialised or not, was built from; none where it is no pipeline."""
    text = (dag.default_args or {}).get(KEY)
    return None if text is None else msgspec.json.decode(text, type=Pipeline)


def definition_hash(pipeline: Pipeline) -> str:
    """Return what tells one definition from another: the same for the same declaration, on any machine.

    A secret is no part of it: who renews one changes no pipeline.
    """
    return text_hash(declaration_text(pipeline))


def text_hash(declaration: str) -> str:
    """Return the hash of a definition from its `declaration_text`."""
    return hashlib.sha256(declaration.encode()).hexdigest()[:16]


def _without_secrets(pipeline: Pipeline) -> Pipeline:
    if not any(_has_secret(action) for stage in pipeline.stages for action in stage.actions):
        return pipeline
    return msgspec.structs.replace(pipeline, stages=tuple(_stage(stage) for stage in pipeline.stages))


def _stage(stage: Stage) -> Stage:
    actions = tuple(
        msgspec.structs.replace(action, configuration=masked(action.configuration))
        for action in stage.actions
    )
    return msgspec.structs.replace(stage, actions=actions)


def _has_secret(action: Action) -> bool:
    return masked(action.configuration) != action.configuration
