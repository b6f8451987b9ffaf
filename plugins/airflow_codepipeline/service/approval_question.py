"""An approval that waits, as Airflow's database has it: who may decide, who has, who started the execution.

Everything here takes a session and reads, but for `show_standing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from airflow_codepipeline.dag.decisions import XCOM_KEY
from airflow_codepipeline.dag.declared import TAG, declaration_of
from airflow_codepipeline.dag.names import task_id
from airflow_codepipeline.definition.layout import lay_out
from airflow_codepipeline.execution.approval import (
    Answer,
    Decision,
    approvers_of,
    with_decision,
    with_standing,
    without_standing,
)

if TYPE_CHECKING:
    from airflow_codepipeline.definition.extension import Approvers
    from airflow_codepipeline.definition.model import Action, Pipeline
    from airflow_codepipeline.execution.approval import Person


class Place(NamedTuple):
    """The task that asks."""

    dag_id: str
    run_id: str
    task_id: str


@dataclass(frozen=True, slots=True)
class Question:
    """An approval of a pipeline.

    :param approvers: who may decide; none: whoever may answer in Airflow.
    :param starter: the user name of who started the execution; none: it was no person.
    :param decisions: those made so far.
    """

    place: Place
    approvers: Approvers | None
    starter: str | None
    decisions: tuple[Decision, ...]


def is_pipeline(session: Any, dag_id: str) -> bool:
    """Tell whether a DAG may be a pipeline: a cheap question, to leave all other DAGs alone."""
    from airflow.models.dag import DagTag
    from sqlalchemy import select

    found = select(DagTag.name).where(DagTag.dag_id == dag_id, DagTag.name == TAG)
    return session.scalar(found) is not None


def read_question(dag_bag: Any, session: Any, place: Place) -> Question | None:
    """Return the approval that a task is; none where it is no approval of a pipeline.

    :param dag_bag: Airflow's bag of serialised DAGs, the API server's own.
    :raises LookupError: the DAG is not there.
    """
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    run = session.scalar(select(DagRun).where(DagRun.dag_id == place.dag_id, DagRun.run_id == place.run_id))
    if run is None:
        return None
    dag = dag_bag.get_dag_for_run(run, session=session)
    if dag is None:
        raise LookupError(f"Airflow has no serialised DAG of {place.dag_id}")
    pipeline = declaration_of(dag)
    action = _approval(pipeline, place.task_id) if pipeline else None
    if pipeline is None or action is None:
        return None
    return Question(
        place, approvers_of(pipeline, action), run.triggering_user_name, _decisions(session, place)
    )


def show_standing(session: Any, question: Question, decisions: tuple[Decision, ...]) -> None:
    """Write into the text of a question how it stands: Airflow never does it where a task asks again."""
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    place = question.place
    asking = (
        TaskInstance.dag_id == place.dag_id,
        TaskInstance.run_id == place.run_id,
        TaskInstance.task_id == place.task_id,
    )
    detail = session.scalar(
        select(HITLDetail).where(HITLDetail.ti_id.in_(select(TaskInstance.id).where(*asking)))
    )
    if detail is not None:
        asked = without_standing(detail.body or "")
        detail.body = with_standing(asked, question.approvers, decisions, question.starter)


def show_approval(session: Any, question: Question, person: Person, at: str) -> None:
    """Write into the text of a question how it stands when somebody has just approved.

    :param at: when, ISO 8601.
    """
    if question.approvers is None:
        return
    answer = Answer(status="Approved", comment="", at=at)
    decisions = with_decision(question.approvers, question.starter, question.decisions, person, answer)
    show_standing(session, question, decisions)


def _approval(pipeline: Pipeline, identifier: str) -> Action | None:
    for stage in pipeline.stages:
        for action in stage.actions:
            is_approval = action.action_type_id.category == "Approval"
            if is_approval and task_id(stage.name, action.name) == identifier:
                return action
    return None


def _decisions(session: Any, place: Place) -> tuple[Decision, ...]:
    """Return what the task has said of the answers so far; nothing where its XComs are kept elsewhere."""
    from airflow.models.xcom import XComModel

    row = session.scalar(
        XComModel.get_many(
            run_id=place.run_id, key=XCOM_KEY, task_ids=place.task_id, dag_ids=place.dag_id, limit=1
        )
    )
    value = XComModel.deserialize_value(row) if row is not None else None
    try:
        return msgspec.convert(value, _Xcom).decisions
    except msgspec.ValidationError:
        return ()


class _Xcom(msgspec.Struct, frozen=True):
    decisions: tuple[Decision, ...] = ()


lay_out(_Xcom)
