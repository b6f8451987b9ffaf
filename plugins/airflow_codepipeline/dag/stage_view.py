"""What a gate in the triggerer asks Airflow, over the channel that triggers have to their supervisor.

The messages are the Task SDK's own; a trigger has no other way to read states and XComs of other runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from airflow_codepipeline.dag.names import parse_task_id
from airflow_codepipeline.dag.stage_desk import Claim
from airflow_codepipeline.dag.supervisor import ask, push_xcom
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.execution.status import UNDER_WAY
from airflow_codepipeline.execution.transition import read_transition, variable_key

if TYPE_CHECKING:
    from airflow_codepipeline.dag.stage_desk import TaskStates

CLAIM_KEY = "claim"
_OPEN_STATES = ["null", "scheduled", *UNDER_WAY]


class AirflowStageView:
    """One stage of one DAG, as Airflow knows it now.

    :param enter_task: the id of the stage's gate task.
    :param exit_task: the id of the task that frees the stage.
    """

    def __init__(self, *, dag_id: str, enter_task: str, exit_task: str) -> None:
        self.dag_id = dag_id
        self.enter_task = enter_task
        self.exit_task = exit_task

    async def disabled(self) -> bool:
        """Return whether the transition into the stage is disabled."""
        from airflow.sdk.exceptions import AirflowRuntimeError
        from airflow.sdk.execution_time.comms import GetVariable, VariableResult

        try:
            answer = await ask(GetVariable(key=variable_key(self.dag_id)))
        except AirflowRuntimeError:
            return False
        text = answer.value if isinstance(answer, VariableResult) else None
        stage, _ = parse_task_id(self.enter_task)
        return not read_transition(text, stage).enabled

    async def open_runs(self) -> int:
        """Return how many runs have not left the stage."""
        from airflow.sdk.execution_time.comms import GetTICount

        answer = await ask(GetTICount(dag_id=self.dag_id, task_ids=[self.exit_task], states=_OPEN_STATES))
        count: int = answer.count
        return count

    async def states(self, run_ids: list[str] | None) -> TaskStates:
        """Return the states of the stage's enter and exit tasks, of all runs where none are named."""
        from airflow.sdk.execution_time.comms import GetTaskStates

        answer = await ask(
            GetTaskStates(dag_id=self.dag_id, task_ids=[self.enter_task, self.exit_task], run_ids=run_ids)
        )
        states: TaskStates = answer.task_states
        return states

    async def claim(self, run_id: str) -> Claim | None:
        """Return what another run's gate has announced."""
        from airflow.sdk.execution_time.comms import GetXCom, XComResult

        answer = await ask(
            GetXCom(dag_id=self.dag_id, run_id=run_id, task_id=self.enter_task, key=CLAIM_KEY, map_index=-1)
        )
        value = answer.value if isinstance(answer, XComResult) else None
        return None if value is None else msgspec.convert(value, Claim)

    async def announce(self, run_id: str, claim: Claim) -> None:
        """Make a claim visible to the gates of other runs."""
        await push_xcom(
            dag_id=self.dag_id,
            run_id=run_id,
            task_id=self.enter_task,
            key=CLAIM_KEY,
            value=to_json_value(claim),
        )
