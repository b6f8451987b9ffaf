"""Changes to executions in Airflow's database, each within the caller's session and transaction."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.wire import to_json_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import msgspec
    from sqlalchemy.orm import Session

    from airflow_codepipeline.service.snapshot import ExecutionSnapshot


def now() -> str:
    """Return the current instant, ISO 8601."""
    return datetime.now(UTC).isoformat()


def leave_mark(
    session: Session, execution: ExecutionSnapshot, stage: str, key: str, record: msgspec.Struct
) -> None:
    """Keep something about an execution in a stage."""
    from airflow.models.xcom import XComModel

    XComModel.set(
        key,
        to_json_value(record),
        dag_id=execution.pipeline.dag_id,
        task_id=names.exit_id(stage),
        run_id=execution.run.run_id,
        serialize=False,
        session=session,
    )


def remove_marks(session: Session, execution: ExecutionSnapshot, stage: str, keys: Iterable[str]) -> None:
    """Forget something about an execution in a stage."""
    from airflow.models.xcom import XComModel
    from sqlalchemy import delete

    session.execute(
        delete(XComModel).where(
            XComModel.dag_run_id == execution.run.id,
            XComModel.task_id == names.exit_id(stage),
            XComModel.key.in_(list(keys)),
        )
    )


def run_again(session: Session, execution: ExecutionSnapshot, stage: str, tasks: Iterable[str]) -> None:
    """Clear tasks of a stage, and all of the later stages that have a state; Airflow runs them again.

    :param tasks: their names within the stage, as `execution.standing.StageTasks` has them.
    """
    from airflow.models.taskinstance import TaskInstance, clear_task_instances

    wanted = {names.stage_task_id(stage, task) for task in tasks}
    for later in execution.pipeline.stages_after(stage):
        prefix = f"{names.group_id(later)}."
        wanted |= {task_id for task_id in execution.tasks if task_id.startswith(prefix)}
    begun = _tasks(execution, wanted).where(TaskInstance.state.is_not(None))
    clear_task_instances(list(session.scalars(begun)), session)


def set_states(session: Session, execution: ExecutionSnapshot, states: Mapping[str, str]) -> None:
    """Set the states of tasks; whatever runs of them is ended by Airflow.

    :param states: by the tasks' ids.
    """
    for task in session.scalars(_tasks(execution, states).with_for_update()):
        task.set_state(states[task.task_id], session=session)


def set_run_state(session: Session, execution: ExecutionSnapshot, state: str) -> None:
    """End a run that Airflow has not begun."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.state import DagRunState

    run: Any = session.get(DagRun, execution.run.id)
    run.set_state(DagRunState(state))


def newer_has_entered(session: Session, execution: ExecutionSnapshot, stage: str) -> bool:
    """Tell whether another execution has entered a stage since this one did."""
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    gate = execution.tasks.get(names.enter_id(stage))
    if gate is None or gate.end_date is None or execution.pipeline.declaration.execution_mode == "PARALLEL":
        return False
    query = select(TaskInstance.run_id).where(
        TaskInstance.dag_id == execution.pipeline.dag_id,
        TaskInstance.task_id == names.enter_id(stage),
        TaskInstance.run_id != execution.run.run_id,
        TaskInstance.state == "success",
        TaskInstance.end_date > gate.end_date,
    )
    return session.scalar(query.limit(1)) is not None


def _tasks(execution: ExecutionSnapshot, task_ids: Iterable[str]) -> Any:
    """Return the query of some of an execution's task instances."""
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    return select(TaskInstance).where(
        TaskInstance.dag_id == execution.pipeline.dag_id,
        TaskInstance.run_id == execution.run.run_id,
        TaskInstance.task_id.in_(list(task_ids)),
    )
