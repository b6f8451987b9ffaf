"""Looks at executions that those who are told of them must not miss, and the reporter's runs.

Whoever changes an execution leaves a look in the transaction of the change: no failure is overlooked that is
retried a moment later, no stop is taken for a failure. No network is asked here; the reporter tells.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.outcomes import KEYS, outcome_of
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.events.look import ENDED_RUN, Look, Outcome, StageLook
from airflow_codepipeline.events.subject import CONF, place
from airflow_codepipeline.execution.records import LOOKS
from airflow_codepipeline.execution.standing import action_status
from airflow_codepipeline.service.evidence import Evidence
from airflow_codepipeline.service.read_actions import ActionPlace
from airflow_codepipeline.service.rows import plain
from airflow_codepipeline.service.service_runs import create_run, run_exists
from airflow_codepipeline.service.snapshot import load_again
from airflow_codepipeline.service.subject import reported_action, subject_of
from airflow_codepipeline.serving.reporter import REPORTER, run_id, wanted_sinks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from airflow_codepipeline.execution.records import Stop
    from airflow_codepipeline.execution.standing import StageTasks
    from airflow_codepipeline.service.snapshot import ExecutionSnapshot


def leave_look(session: Session, execution: ExecutionSnapshot, *, changed: bool = False) -> None:
    """Leave how an execution stands to those who are told of it; nothing to do where nobody is.

    The first look, and the first one after a look at its end, begins an attempt, which gets a reporter.

    :param changed: whether the session has changed it since it was read.
    """
    sinks = wanted_sinks(execution.pipeline.declaration)
    if not sinks:
        return
    if changed:
        execution = load_again(session, execution)
    left = _left(session, execution)
    begins = not left or left[-1].ended
    attempt = (left[-1].attempt if left else 0) + begins
    began = next((look.at for look in left if look.attempt == attempt), None)
    look = _look(session, execution, attempt, began=began)
    if began is None and look.ended:
        # Nobody was to be told when it began, or it never ran.
        left.append(msgspec.structs.replace(look, run="running"))
    _leave(session, execution, [*left, look])
    if begins or look.ended:
        _report(session, execution, attempt, sinks)


def _look(session: Session, execution: ExecutionSnapshot, attempt: int, *, began: str | None) -> Look:
    """Return how an execution stands.

    :param began: when the attempt began: a stop before that is none of its own; none: it begins now.
    """
    stages, reason = [], None
    for stage in execution.stages():
        stop = execution.stop(stage.name)
        kept = StageLook.of(stage)
        if not _counts(stop, execution, began):
            kept = msgspec.structs.replace(kept, stopped=False, abandoned=frozenset())
        elif stop is not None:
            reason = stop.reason
        stages.append(kept)
    return Look(
        at=datetime.now(UTC).isoformat(),
        attempt=attempt,
        run=execution.run.state,
        stages=tuple(stages),
        reason=reason,
        cleared=dict(_cleared(execution)),
        outcomes=dict(_outcomes(session, execution)) if began is not None else {},
    )


def _counts(stop: Stop | None, execution: ExecutionSnapshot, began: str | None) -> bool:
    """Tell whether a stop is of this attempt: one that never began may have been stopped before."""
    if stop is None or began is None:
        return stop is not None and execution.run.state in ENDED_RUN
    return stop.at > began


def _cleared(execution: ExecutionSnapshot) -> Iterator[tuple[str, int]]:
    for stage in execution.pipeline.declaration.stages:
        for action in stage.actions:
            where = ActionPlace(execution, stage.name, action, Evidence({}))
            task = execution.tasks.get(where.task_id)
            if task is not None and (times := where.generation(task.max_tries)) > 0:
                yield place(stage.name, action.name), times


def _outcomes(session: Session, execution: ExecutionSnapshot) -> Iterator[tuple[str, Outcome]]:
    stages: dict[str, StageTasks] = {stage.name: stage for stage in execution.stages()}
    left = _xcoms(session, execution)
    for stage in execution.pipeline.declaration.stages:
        for action in stage.actions:
            status = action_status(stages[stage.name], action.name)
            if status in KEYS:
                xcom = left.get((names.task_id(stage.name, action.name), KEYS[status]))
                outcome = outcome_of(reported_action(action), status, xcom)
                yield place(stage.name, action.name), outcome


def _xcoms(session: Session, execution: ExecutionSnapshot) -> dict[tuple[str, str], Any]:
    from airflow.models.xcom import XComModel
    from sqlalchemy import select

    query = select(XComModel.task_id, XComModel.key, XComModel.value).where(
        XComModel.dag_run_id == execution.run.id, XComModel.key.in_([*KEYS.values()])
    )
    return {(task_id, key): plain(value) for task_id, key, value in session.execute(query)}


def _home(execution: ExecutionSnapshot) -> str:
    return names.exit_id(execution.pipeline.declaration.stages[0].name)


def _left(session: Session, execution: ExecutionSnapshot) -> list[Look]:
    from airflow.models.xcom import XComModel
    from sqlalchemy import select

    query = select(XComModel.value).where(
        XComModel.dag_run_id == execution.run.id,
        XComModel.task_id == _home(execution),
        XComModel.key == LOOKS,
    )
    value = session.scalar(query)
    return [] if value is None else msgspec.convert(plain(value), list[Look])


def _leave(session: Session, execution: ExecutionSnapshot, looks: list[Look]) -> None:
    from airflow.models.xcom import XComModel

    XComModel.set(
        LOOKS,
        [to_json_value(look) for look in looks],
        dag_id=execution.pipeline.dag_id,
        task_id=_home(execution),
        run_id=execution.run.run_id,
        serialize=False,
        session=session,
    )


def _report(session: Session, execution: ExecutionSnapshot, attempt: int, sinks: tuple[str, ...]) -> None:
    """Create the reporter's run of an attempt, once; those who are not told are skipped."""
    of_attempt = run_id(execution.execution_id, attempt)
    if run_exists(session, REPORTER, of_attempt):
        return
    run = create_run(
        session,
        REPORTER,
        of_attempt,
        {CONF: to_json_value(subject_of(session, execution, attempt))},
        without=f"Nobody is told of {execution.execution_id} of {execution.pipeline.declaration.name}",
    )
    for task in run.get_task_instances(session=session) if run else ():
        if task.task_id not in sinks:
            task.set_state("skipped", session=session)
