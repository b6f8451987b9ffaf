"""Pipelines as Airflow's database has them: found by name, with the declaration their DAG carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.declared import KEY, text_hash
from airflow_codepipeline.definition.model import Pipeline, Stage
from airflow_codepipeline.execution.refusal import Refusal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredPipeline:
    """A pipeline, in one of its versions.

    :param definition: the hash of its definition.
    :param version: the number of its DAG version, from 1.
    """

    dag_id: str
    declaration: Pipeline
    definition: str
    version: int

    def stage(self, name: str) -> Stage:
        """Return a stage.

        :raises Refusal: there is none of that name.
        """
        for stage in self.declaration.stages:
            if stage.name == name:
                return stage
        known = ", ".join(stage.name for stage in self.declaration.stages)
        raise Refusal(
            "StageNotFoundException",
            f"The pipeline {self.declaration.name} has no stage {name!r}. Its stages: {known}.",
        )

    def stages_before(self, name: str) -> tuple[str, ...]:
        """Return the names of the stages before one, in their order.

        :raises Refusal: there is none of that name.
        """
        stages = self.declaration.stages
        return tuple(stage.name for stage in stages[: stages.index(self.stage(name))])

    def stages_after(self, name: str) -> tuple[str, ...]:
        """Return the names of the stages after one, in their order.

        :raises Refusal: there is none of that name.
        """
        stages = self.declaration.stages
        return tuple(stage.name for stage in stages[stages.index(self.stage(name)) + 1 :])


def find_pipeline(session: Session, name: str) -> DeclaredPipeline:
    """Return a pipeline as it is now.

    :raises Refusal: there is none of that name.
    """
    found = _latest(session, names.dag_id(name))
    if found is None:
        raise Refusal("PipelineNotFoundException", f"There is no pipeline with the name {name!r}.")
    return found


def pipeline_of_version(session: Session, dag_id: str, version_id: Any) -> DeclaredPipeline | None:
    """Return a pipeline as it was in a DAG version; as it is now where that version is not kept any more."""
    from airflow.models.dag_version import DagVersion

    version = session.get(DagVersion, version_id) if version_id else None
    if version is None or version.serialized_dag is None:
        return _latest(session, dag_id)
    return _declared(dag_id, version.serialized_dag.data, version.version_number)


def _latest(session: Session, dag_id: str) -> DeclaredPipeline | None:
    from airflow.models.dag import DagModel
    from airflow.models.dag_version import DagVersion
    from sqlalchemy import select

    stale = session.scalar(select(DagModel.is_stale).where(DagModel.dag_id == dag_id))
    version = None if stale in {None, True} else DagVersion.get_latest_version(dag_id, session=session)
    if version is None or version.serialized_dag is None:
        return None
    return _declared(dag_id, version.serialized_dag.data, version.version_number)


def _declared(dag_id: str, serialized: Any, version: int) -> DeclaredPipeline | None:
    text = _declaration_text(serialized)
    if text is None:
        return None
    declaration = msgspec.json.decode(text, type=Pipeline)
    return DeclaredPipeline(
        dag_id=dag_id, declaration=declaration, definition=text_hash(text), version=version
    )


def declaration_in(serialized: Any) -> Pipeline | None:
    """Return the declaration that a serialised DAG carries; none where it is of no pipeline."""
    text = _declaration_text(serialized)
    return None if text is None else msgspec.json.decode(text, type=Pipeline)


def _declaration_text(serialized: Any) -> str | None:
    """Read the declaration out of a serialised DAG, without making a DAG of it."""
    arguments = (serialized or {}).get("dag", {}).get("default_args") or {}
    text: str | None = arguments.get("__var", arguments).get(KEY)
    return text
