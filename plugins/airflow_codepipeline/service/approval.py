"""PutApprovalResult: the answer to an approval that waits.

Source: CodePipeline API reference, PutApprovalResult; codepipeline.md §6. It is stored as Airflow's own route
stores one, and who may decide is what that route's guard says, too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.approval import approval_token
from airflow_codepipeline.dag.decisions import APPROVE, COMMENT, REJECT
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.service.approval_answer import AnswerRefusedError, checked_answer
from airflow_codepipeline.service.approval_question import Place, read_question, show_approval
from airflow_codepipeline.service.evidence import read_evidence
from airflow_codepipeline.service.pipelines import find_pipeline
from airflow_codepipeline.service.read_actions import WAITS_FOR_ANSWER, ActionPlace
from airflow_codepipeline.service.snapshot import load_executions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from airflow_codepipeline.definition.model import Action
    from airflow_codepipeline.execution.approval import Person
    from airflow_codepipeline.service.approval_question import Question
    from airflow_codepipeline.service.pipelines import DeclaredPipeline

_OPTIONS = {"Approved": APPROVE, "Rejected": REJECT}
_REMEMBERED = 50
"""How many answered approvals a token is looked for in, to say that it was used."""
_CODES = {403: "AccessDeniedException", 409: "ApprovalAlreadyCompletedException"}


def put_approval_result(  # noqa: PLR0913 - what PutApprovalResult takes
    session: Session,
    person: Person,
    *,
    pipeline_name: str,
    stage_name: str,
    action_name: str,
    result: Mapping[str, str],
    token: str,
) -> dict[str, Any]:
    """Approve or reject.

    :param result: `{"status": "Approved" or "Rejected", "summary": …}`.
    :param token: of one attempt at the approval, as GetPipelineState and the notification say it.
    :raises Refusal: the approval does not wait for this token, or the person may not decide.
    """
    pipeline = find_pipeline(session, pipeline_name)
    action = _approval(pipeline, stage_name, action_name)
    run_id = _waiting_run(session, pipeline, stage_name, action, token)
    place = Place(pipeline.dag_id, run_id, names.task_id(stage_name, action_name))
    question = _question(session, place)
    payload = {
        "chosen_options": [_OPTIONS[result["status"]]],
        "params_input": {COMMENT: result.get("summary", "")},
    }
    try:
        checked = checked_answer(question, person, payload)
    except AnswerRefusedError as error:
        raise Refusal(_CODES.get(error.status, "ValidationException"), str(error)) from error
    now = datetime.now(UTC)
    _store(session, place, person, checked, now)
    if result["status"] == "Approved":
        show_approval(session, question, person, now.isoformat())
    return {"approvedAt": now}


def _approval(pipeline: DeclaredPipeline, stage_name: str, action_name: str) -> Action:
    for action in pipeline.stage(stage_name).actions:
        if action.name == action_name:
            if action.action_type_id.category == "Approval":
                return action
            raise Refusal(
                "ValidationException",
                f"The action {action_name} is no approval: it is {action.action_type_id}.",
            )
    raise Refusal("ActionNotFoundException", f"The stage {stage_name} has no action {action_name!r}.")


def _waiting_run(session: Session, pipeline: DeclaredPipeline, stage: str, action: Action, token: str) -> str:
    """Return the run in which the approval of this token waits for an answer.

    :raises Refusal: there is none.
    """
    waiting, answered = _asked(session, pipeline, names.task_id(stage, action.name))
    for run_id, known in _tokens(session, pipeline, stage, action, waiting).items():
        if known == token:
            return run_id
    if token in _tokens(session, pipeline, stage, action, answered).values():
        raise _answered(action.name)
    raise Refusal(
        "InvalidApprovalTokenException",
        f"The approval {action.name} does not wait for an answer with this token. "
        "GetPipelineState says the token of one that waits.",
    )


def _asked(session: Session, pipeline: DeclaredPipeline, task_id: str) -> tuple[list[str], list[str]]:
    """Return the runs in which an approval waits for an answer, and the newest in which it has one."""
    from airflow.models.dagrun import DagRun
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    asked = (
        select(TaskInstance.run_id)
        .join(HITLDetail, HITLDetail.ti_id == TaskInstance.id)
        .where(TaskInstance.dag_id == pipeline.dag_id, TaskInstance.task_id == task_id)
    )
    waiting = asked.where(TaskInstance.state.in_(WAITS_FOR_ANSWER), HITLDetail.responded_at.is_(None))
    answered = (
        asked.join(DagRun, (DagRun.dag_id == TaskInstance.dag_id) & (DagRun.run_id == TaskInstance.run_id))
        .where(HITLDetail.responded_at.is_not(None))
        .order_by(DagRun.id.desc())
        .limit(_REMEMBERED)
    )
    return list(session.scalars(waiting)), list(session.scalars(answered))


def _tokens(
    session: Session, pipeline: DeclaredPipeline, stage: str, action: Action, run_ids: list[str]
) -> dict[str, str]:
    """Return the token of the newest attempt at an approval, by the run."""
    evidence = read_evidence(session, pipeline.dag_id, run_ids, [names.task_id(stage, action.name)])
    places = {
        execution.run.run_id: ActionPlace(execution, stage, action, evidence).latest()
        for execution in load_executions(session, pipeline, run_ids)
    }
    return {run_id: approval_token(latest.id) for run_id, latest in places.items() if latest is not None}


def _question(session: Session, place: Place) -> Question:
    from airflow.models.dagbag import DBDagBag

    question = read_question(DBDagBag(load_op_links=False), session, place)
    if question is None:
        raise Refusal("ActionNotFoundException", f"The execution has no approval {place.task_id}.")
    return question


def _store(session: Session, place: Place, person: Person, answer: Mapping[str, Any], now: datetime) -> None:
    """Keep an answer and let the task go on; the task is locked before the question, as Airflow does it.

    :raises Refusal: somebody else was quicker.
    """
    from airflow.models.hitl import HITLDetail
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    asking = select(TaskInstance).where(
        TaskInstance.dag_id == place.dag_id,
        TaskInstance.run_id == place.run_id,
        TaskInstance.task_id == place.task_id,
    )
    task: Any = session.scalars(asking.with_for_update(of=TaskInstance)).one()
    of_task = select(HITLDetail).where(HITLDetail.ti_id == task.id).with_for_update(of=HITLDetail)
    detail: Any = session.scalars(of_task).one()
    if detail.responded_at is not None or task.state not in WAITS_FOR_ANSWER:
        raise _answered(names.parse_task_id(place.task_id)[1])
    detail.responded_by = {"id": person.id, "name": person.name}
    detail.responded_at = now
    detail.chosen_options = answer["chosen_options"]
    detail.params_input = answer["params_input"]
    if hasattr(detail, "as_resume_event_payload"):
        _wake(session, task, detail.as_resume_event_payload())


def _wake(session: Session, task: Any, payload: dict[str, Any]) -> None:
    """Let a task go on; before Airflow 3.3 its trigger sees the answer by itself."""
    from airflow.models.trigger import handle_event_submit
    from airflow.triggers.base import TriggerEvent

    event = TriggerEvent(payload)  # type: ignore[no-untyped-call]
    handle_event_submit(event, task_instance=task, session=session)


def _answered(action: str) -> Refusal:
    return Refusal(
        "ApprovalAlreadyCompletedException", f"The approval {action} has already been approved or rejected."
    )
