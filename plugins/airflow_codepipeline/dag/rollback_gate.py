"""What becomes of a rollback's gates: it runs one stage, and the others let it pass or refuse it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.dag.names import enter_id
from airflow_codepipeline.execution.records import ROLLBACK

if TYPE_CHECKING:
    from collections.abc import Mapping


def stage_rolled_back(conf: Mapping[str, Any]) -> str | None:
    """Return the stage that a run with this conf rolls back; empty where the conf is not what we write."""
    if ROLLBACK not in conf:
        return None
    rollback = conf[ROLLBACK]
    return str(rollback.get("stage")) if isinstance(rollback, dict) else ""


def answered_run(conf: Mapping[str, Any]) -> str | None:
    """Return the run whose failure a run with this conf answers by itself, or none."""
    rollback = conf.get(ROLLBACK)
    answered = rollback.get("inPlaceOf") if isinstance(rollback, dict) else None
    return answered if isinstance(answered, str) else None


async def why_not_passed(task: Any, stage: str) -> str | None:
    """Return why the gate of another stage than the one that is rolled back fails; none: it is passed.

    The stages before it count as passed when the rollback is made. Where one of their gates comes to run, the
    run was cleared as a whole, or is none of ours: nothing would be rolled back, and the run would succeed.

    :param task: the gate's task instance.
    :param stage: the stage that the run rolls back.
    """
    from airflow.sdk.execution_time.comms import GetTaskStates

    from airflow_codepipeline.dag.supervisor import ask

    enter = enter_id(stage)
    answer = await ask(GetTaskStates(dag_id=task.dag_id, task_ids=[enter], run_ids=[task.run_id]))
    if answer.task_states.get(task.run_id, {}).get(enter) == "success":
        return None
    return (
        f"This run is a rollback of the stage {stage!r} alone and does not begin with another one. Roll that "
        "stage back anew with RollbackStage; to run a rollback again, clear the group of its stage only."
    )
