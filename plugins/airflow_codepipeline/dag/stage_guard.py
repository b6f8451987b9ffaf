"""Whether an execution is really in the stage whose action or rule is about to start.

People clear tasks in Airflow's UI. Where they clear an action alone, or a group without its gate, the
execution has left its stage and another may be in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.dag.names import enter_id, execution_id, exit_id, group_id
from airflow_codepipeline.dag.stage_desk import CLAIM_KEY, Claim
from airflow_codepipeline.errors import ActionError
from airflow_codepipeline.execution.status import FINISHED_TASK_STATES, UNDER_WAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.dag.wiring import StageDeclaration

_OPEN = ["null", "scheduled", *UNDER_WAY]


def check_inside(declaration: StageDeclaration, context: Mapping[str, Any]) -> None:
    """Check that nothing of the stage is started for an execution that does not hold it.

    What the gate announced says how often the run had been cleared then. Only where it was cleared since is
    Airflow asked for more.

    :raises ActionError: the execution is not inside; the message says what to clear.
    """
    ti, stage = context["ti"], declaration.stage.name
    if not context["dag_run"].clear_number:
        return
    value = ti.xcom_pull(task_ids=enter_id(stage), key=CLAIM_KEY)
    if value is None or msgspec.convert(value, Claim).cleared == context["dag_run"].clear_number:
        return
    tasks = [enter_id(stage), exit_id(stage)]
    own = ti.get_task_states(ti.dag_id, task_ids=tasks, run_ids=[ti.run_id])[ti.run_id]
    if not _is_inside(own, stage):
        raise _refusal(declaration, "this execution has left it")
    if ti.get_ti_count(ti.dag_id, task_ids=[exit_id(stage)], states=_OPEN) <= 1:
        return
    for run, states in ti.get_task_states(ti.dag_id, task_ids=tasks).items():
        if run != ti.run_id and _is_inside(states, stage):
            raise _refusal(declaration, f"the execution {execution_id(ti.dag_id, run)} is in it")


def _is_inside(states: Mapping[str, str | None], stage: str) -> bool:
    return states.get(enter_id(stage)) == "success" and states.get(exit_id(stage)) not in FINISHED_TASK_STATES


def _refusal(declaration: StageDeclaration, why: str) -> ActionError:
    stage, group = declaration.stage.name, group_id(declaration.stage.name)
    return ActionError(
        "StageNotEntered",
        f"{declaration} does not start: the stage {stage} was not entered again after a clear, and {why}. "
        f"Clear all tasks of the group {group}, its gate {group}.enter among them, with downstream, or retry "
        "the stage with RetryStageExecution.",
    )
