"""What a gate in the triggerer asks Airflow, over the channel that triggers have to their supervisor.

The messages are the Task SDK's own; a trigger has no other way to read states and XComs of other runs.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from airflow_codepipeline.dag.names import parse_task_id
from airflow_codepipeline.dag.result import XCOM_KEY
from airflow_codepipeline.dag.stage_desk import CLAIM_KEY, Claim
from airflow_codepipeline.dag.supervisor import ask, get_variable, pull_xcom, push_xcom
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.execution.status import UNDER_WAY
from airflow_codepipeline.execution.transition import RIGHT, read_transition, variable_key

if TYPE_CHECKING:
    from airflow_codepipeline.dag.open_runs import TaskStates

log = logging.getLogger(__name__)

RUNS_A_QUESTION = 100
"""They go in an address, which may have 65,536 characters; a run's id may have 250."""
REGISTER_ABOUT = "Open executions of a pipeline with a long history. Its gates write this; it may be deleted."
_OPEN_STATES = ["null", "scheduled", *UNDER_WAY]


def register_key(dag_id: str) -> str:
    """Return the key of the Airflow Variable in which gates register runs: see `open_runs`."""
    return f"codepipeline.open.{dag_id}"


class AirflowStageView:
    """One stage of one DAG, as Airflow knows it now.

    :param enter_task: the id of the stage's gate task.
    :param exit_task: the id of the task that frees the stage.
    :param retry_task: the id of the task that decides on an automatic retry of the stage, if it has one.
    """

    def __init__(
        self, *, dag_id: str, enter_task: str, exit_task: str, retry_task: str | None = None
    ) -> None:
        self.dag_id = dag_id
        self.enter_task = enter_task
        self.exit_task = exit_task
        self.retry_task = retry_task
        self._unreadable: str | None = None

    async def disabled(self) -> bool:
        """Return whether the transition into the stage is disabled, or nobody can tell.

        People write the Variable by hand. While it cannot be read nobody goes in, and nobody fails for it.
        """
        key = variable_key(self.dag_id)
        text = await get_variable(key)
        stage, _ = parse_task_id(self.enter_task)
        try:
            return not read_transition(text, stage).enabled
        except msgspec.DecodeError as error:
            if text != self._unreadable:
                log.error("Waiting: Airflow's Variable %s cannot be read: %s. %s", key, error, RIGHT)
            self._unreadable = text
            return True

    async def open_runs(self) -> int:
        """Return how many runs have not left the stage."""
        from airflow.sdk.execution_time.comms import GetTICount

        answer = await ask(GetTICount(dag_id=self.dag_id, task_ids=[self.exit_task], states=_OPEN_STATES))
        count: int = answer.count
        return count

    async def states(self, run_ids: list[str] | None) -> TaskStates:
        """Return the states of the stage's own tasks, of all runs where none are named."""
        if run_ids is None:
            return await self._states(None)
        found: TaskStates = {}
        for first in range(0, len(run_ids), RUNS_A_QUESTION):
            found |= await self._states(run_ids[first : first + RUNS_A_QUESTION])
        return found

    async def _states(self, run_ids: list[str] | None) -> TaskStates:
        from airflow.sdk.execution_time.comms import GetTaskStates

        asked = [self.enter_task, self.exit_task, *([self.retry_task] if self.retry_task else [])]
        answer = await ask(GetTaskStates(dag_id=self.dag_id, task_ids=asked, run_ids=run_ids))
        states: TaskStates = answer.task_states
        return states

    async def register(self) -> list[str] | None:
        """Return the runs that the gates of the pipeline have registered, or none where they do not."""
        key = register_key(self.dag_id)
        text = await get_variable(key)
        try:
            return None if text is None else msgspec.json.decode(text, type=list[str])
        except msgspec.DecodeError as error:
            log.warning("The Variable %s is no list of runs and is not used: %s", key, error)
            return None

    async def write_register(self, run_ids: list[str]) -> None:
        """Register runs."""
        from airflow.sdk.execution_time.comms import PutVariable

        value = msgspec.json.encode(run_ids).decode()
        await ask(PutVariable(key=register_key(self.dag_id), value=value, description=REGISTER_ABOUT))

    async def claim(self, run_id: str) -> Claim | None:
        """Return what another run's gate has announced."""
        value = await pull_xcom(dag_id=self.dag_id, run_id=run_id, task_id=self.enter_task, key=CLAIM_KEY)
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

    async def will_retry(self, run_id: str) -> bool:
        """Return whether a run that has left the stage is about to come again by an automatic retry.

        Its failure was decided upon, and the scheduler has not ended the run yet.
        """
        from airflow.sdk.execution_time.comms import GetDagRunState

        assert self.retry_task is not None
        decision = await pull_xcom(dag_id=self.dag_id, run_id=run_id, task_id=self.retry_task, key=XCOM_KEY)
        if not decision or not decision["engaged"] or decision["result"] != "RETRY":
            return False
        answer = await ask(GetDagRunState(dag_id=self.dag_id, run_id=run_id))
        return answer.state in {"queued", "running"}
