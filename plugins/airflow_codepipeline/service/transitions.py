"""DisableStageTransition and EnableStageTransition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.transition import RIGHT, TransitionState, variable_key
from airflow_codepipeline.service.acting import now
from airflow_codepipeline.service.pipelines import find_pipeline

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from airflow_codepipeline.service.pipelines import DeclaredPipeline

TransitionType = Literal["Inbound", "Outbound"]


def disable_stage_transition(
    session: Session,
    user_name: str,
    *,
    pipeline_name: str,
    stage_name: str,
    transition_type: TransitionType,
    reason: str,
) -> dict[str, Any]:
    """Let no execution into a stage, or out of it into the next, until it is enabled again.

    :raises Refusal: there is no such transition.
    """
    state = TransitionState(
        enabled=False, last_changed_by=user_name, last_changed_at=now(), disabled_reason=reason
    )
    _change(session, pipeline_name, stage_name, transition_type, state)
    return {}


def enable_stage_transition(
    session: Session, user_name: str, *, pipeline_name: str, stage_name: str, transition_type: TransitionType
) -> dict[str, Any]:
    """Let executions in again; those that wait go on within seconds.

    :raises Refusal: there is no such transition.
    """
    state = TransitionState(enabled=True, last_changed_by=user_name, last_changed_at=now())
    _change(session, pipeline_name, stage_name, transition_type, state)
    return {}


def read_transitions(session: Session, dag_id: str, *, lock: bool = False) -> dict[str, TransitionState]:
    """Return the transitions that were ever changed, by the stage they lead to.

    :param lock: whether nobody else may change them until the session ends.
    :raises Refusal: the Variable that holds them cannot be read.
    """
    from airflow.models.variable import Variable
    from sqlalchemy import select

    query = select(Variable).where(Variable.key == variable_key(dag_id))
    row: Any = session.scalar(query.with_for_update() if lock else query)
    text = row.get_val() if row else None
    try:
        return msgspec.json.decode(text, type=dict[str, TransitionState]) if text else {}
    except msgspec.DecodeError as error:
        raise Refusal(
            "ValidationException",
            f"Airflow's Variable {variable_key(dag_id)} cannot be read: {error}. {RIGHT}",
        ) from error


def _change(
    session: Session, pipeline_name: str, stage_name: str, kind: TransitionType, state: TransitionState
) -> None:
    from airflow.models.variable import Variable

    pipeline = find_pipeline(session, pipeline_name)
    inbound = _inbound(pipeline, stage_name, kind)
    changed = read_transitions(session, pipeline.dag_id, lock=True) | {inbound: state}
    description = f"Which transitions of the pipeline {pipeline_name} are disabled"
    text = msgspec.json.encode(changed).decode()
    Variable.set(variable_key(pipeline.dag_id), text, description=description, session=session)


def _inbound(pipeline: DeclaredPipeline, stage: str, kind: TransitionType) -> str:
    """Return the stage that a transition leads to: out of one stage is into the next."""
    following = pipeline.stages_after(stage)
    if kind == "Inbound":
        return stage
    if not following:
        raise Refusal("StageNotFoundException", f"{stage} is the last stage: nothing leads out of it.")
    return following[0]
