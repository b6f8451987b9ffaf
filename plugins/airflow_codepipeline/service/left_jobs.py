"""The jobs that go on, or may, although the execution that started them has ended: each is stopped.

Where a task is ended that waits for a job, whoever is at it stops the job. Nobody is in the second before a
triggerer has taken the wait over, while no triggerer runs, between a worker that died and the next try, and
when Airflow has given up trying; before Airflow 3.3 no trigger is told. To stop what has ended does nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.left_job import LeftJob
from airflow_codepipeline.dag.own_dags import STOPPER
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.execution.conditions import LABELS
from airflow_codepipeline.service.acting import leave_mark
from airflow_codepipeline.service.evidence import read_evidence
from airflow_codepipeline.service.read_actions import ActionPlace
from airflow_codepipeline.service.rows import read_past
from airflow_codepipeline.service.service_runs import create_run, run_exists
from airflow_codepipeline.serving.stopper import CONF, XComPlace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

    from airflow_codepipeline.definition.model import Stage
    from airflow_codepipeline.service.evidence import Evidence
    from airflow_codepipeline.service.rows import Past
    from airflow_codepipeline.service.snapshot import ExecutionSnapshot


def have_left_jobs_stopped(session: Session, execution: ExecutionSnapshot) -> None:
    """Let the jobs that an execution has left behind be stopped: a run of the stopper for each, once.

    :param execution: as it is at the end of its run.
    """
    dag_id, run_id = execution.pipeline.dag_id, execution.run.run_id
    tasks = list(execution.tasks)
    evidence = read_evidence(session, dag_id, [run_id], tasks)
    past = read_past(session, dag_id, [run_id], tasks)
    for stage in execution.pipeline.declaration.stages:
        for action in stage.actions:
            place = ActionPlace(execution, stage.name, action, evidence)
            for job in _of_action(place, past.get((run_id, place.task_id), ())):
                _have_stopped(session, execution, stage, job)
        for job in _of_rules(execution, stage, evidence):
            _have_stopped(session, execution, stage, job)


def _of_action(place: ActionPlace, past: Sequence[Past]) -> Iterator[LeftJob]:
    """Yield the jobs of attempts that neither succeeded nor failed."""
    run_id = place.execution.run.run_id
    result = place.evidence.result(run_id, place.task_id)
    succeeded = {place.generation(one.max_tries) for one in past if one.state == "success"}
    for record in place.evidence.all_attempts(run_id, place.task_id):
        has_result = result is not None and result.action_execution_id == record.context.action_execution_id
        if record.job and record.failure is None and not has_result and record.generation not in succeeded:
            yield LeftJob(attempt=record)


def _of_rules(execution: ExecutionSnapshot, stage: Stage, evidence: Evidence) -> Iterator[LeftJob]:
    """Yield the jobs of rules whose condition ended without a decision."""
    for hook in LABELS:
        if execution.condition(stage.name, hook) is None:
            for record in evidence.all_rules(execution.run.run_id, names.condition_id(stage.name, hook)):
                if record.job and not record.has_ended:
                    yield LeftJob(rule=record)


def _have_stopped(session: Session, execution: ExecutionSnapshot, stage: Stage, job: LeftJob) -> None:
    if run_exists(session, STOPPER, job.id):
        return
    key = f"left.{job.id}"
    place = XComPlace(
        dag_id=execution.pipeline.dag_id,
        run_id=execution.run.run_id,
        task_id=names.exit_id(stage.name),
        key=key,
    )
    without = f"{job} may go on although its execution has ended"
    if create_run(session, STOPPER, job.id, {CONF: to_json_value(place)}, without=without) is not None:
        leave_mark(session, execution, stage.name, key, job)
