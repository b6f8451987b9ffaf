"""An execution keeps to the definition that it began with, or is cancelled: it never goes on with another.

Where bundles have versions Airflow itself keeps the definition. Where they have none, a DAG run takes what
its folder holds now: new tasks, and new code for those it had. So every gate and every action compares the
definition that it is of with the one that the execution began with.

Source: CodePipeline user guide, "Edit a pipeline": executions that are under way when a pipeline is updated
end the actions in progress and are cancelled.
"""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.declared import definition_hash
from airflow_codepipeline.dag.supervisor import ask, leave, left
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.definition.variables_file import variables_path
from airflow_codepipeline.errors import CodePipelineError
from airflow_codepipeline.execution.records import CANCELLED, DEFINITION, STOPPED, Cancellation
from airflow_codepipeline.execution.status import UNDER_WAY
from airflow_codepipeline.settings import definition_of, pipelines_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.dag.declared import PinnedDefinition
    from airflow_codepipeline.dag.wiring import StageDeclaration

log = logging.getLogger(__name__)

LOOK_SECONDS = 4.0
"""How long what a waiting gate saw of the definition's file is good for."""
_BEGUN = frozenset({*UNDER_WAY, "success", "failed"})
_AROUND = frozenset({names.ENTER, names.EXIT, names.DONE})
Stamp = tuple[tuple[int, int], ...]


class GatePin:
    """The definition of one gate's execution.

    :param task: the gate's task instance.
    :param definition: what the gate's DAG says of it.
    :param exit_task: the id of the exit of the gate's stage: it keeps the definition of the stage.
    :param home: the id of the task that keeps the definition of the execution: the exit of the stage that
        it begins with.
    :param cleared: whether the run was cleared before.
    """

    def __init__(
        self, task: Any, definition: PinnedDefinition, *, exit_task: str, home: str, cleared: bool
    ) -> None:
        self._task = task
        self._definition = definition.hash
        self._exit_task = exit_task
        self._home = home
        self._cleared = cleared
        watched = definition.watched
        self._live = LiveDefinition(Path(watched), task.dag_id) if watched else None

    async def arrive(self) -> str | None:
        """Compare with the definition that the execution began with; return why it is cancelled, or none."""
        begins = self._home == self._exit_task and not await self._run_has_begun()
        began_with = None if begins else await left(self._task, DEFINITION, of=self._home)
        if not begins and began_with != self._definition:
            return self._changed(f"It began with {began_with or 'another'}, this is {self._definition}.")
        if self._cleared:
            await leave(self._task, CANCELLED, None)
            await leave(self._task, CANCELLED, None, of=self._exit_task)
            await leave(self._task, STOPPED, None, of=self._exit_task)
        await leave(self._task, DEFINITION, self._definition, of=self._exit_task)
        return None

    async def watch(self) -> str | None:
        """Look whether the definition has changed since; return why the execution is cancelled, or none."""
        if self._live is None:
            return None
        now = await self._live.hash()
        if now in {None, self._definition}:
            return None
        return self._changed(f"It began with {self._definition}, its file is {now} now.")

    def _changed(self, how: str) -> str:
        pipeline = names.unescape(self._task.dag_id)
        stage, _ = names.parse_task_id(self._exit_task)
        return f"The definition of {pipeline} changed while this execution waited for {stage}. {how}"

    async def _run_has_begun(self) -> bool:
        """Tell whether anything of the run has begun; if not, it begins now.

        The tasks around a stage's work are no sign of it: those before the stage of a rollback count as
        passed. A task that was removed is of another definition, which a clear of the run as a whole leaves.
        """
        from airflow.sdk.execution_time.comms import GetTaskStates

        answer = await ask(GetTaskStates(dag_id=self._task.dag_id, run_ids=[self._task.run_id]))
        states: dict[str, str | None] = answer.task_states.get(self._task.run_id, {})
        return any(
            (state == "removed" and not self._cleared)
            or (state in _BEGUN and names.parse_task_id(task)[1] not in _AROUND)
            for task, state in states.items()
        )


class LiveDefinition:
    """A pipeline's definition as its file is now; read again only where that file or its values changed.

    :param dag_file: the DAG file beside which the definitions are found.
    """

    def __init__(self, dag_file: Path, dag_id: str) -> None:
        self._dag_file = dag_file
        self._pipeline = names.unescape(dag_id)
        self._looked_at = float("-inf")
        self._seen: Stamp | None = None
        self._read: Stamp | None = None
        self._hash: str | None = None

    async def hash(self) -> str | None:
        """Return the hash of the definition, or none where there is none that can be read."""
        if time.monotonic() - self._looked_at > LOOK_SECONDS:
            await asyncio.to_thread(self._look)
            self._looked_at = time.monotonic()
        return self._hash

    def _look(self) -> None:
        """Read the file where it has changed, and has stopped to. One that is gone or broken is no update."""
        try:
            path = definition_of(pipelines_folder(self._dag_file), self._pipeline)
            if path is None:
                return
            stamp = stamp_of(path, variables_path(path))
            if stamp == self._seen and stamp != self._read:
                self._hash = definition_hash(read_pipeline(path))
                self._read = stamp
            self._seen = stamp
        except (CodePipelineError, OSError) as error:
            log.warning("The definition of %s cannot be read: %s", self._pipeline, error)
            self._hash = self._read = None


def stamp_of(*paths: Path) -> Stamp:
    """Return what changes when one of these files does; one that is not there counts too."""
    stats = [path.stat() for path in paths if path.is_file()]
    return tuple((stat.st_mtime_ns, stat.st_size) for stat in stats)


def refuse_another_definition(context: Mapping[str, Any], declaration: StageDeclaration) -> None:
    """Do not let anything begin that is of another definition than the execution; leave the reason.

    The definition that counts is that of the stage's gate. Where there was no gate (`codepipeline run`,
    `airflow dags test`) nothing can have changed.

    :param declaration: what is about to begin, as the worker has just read it.
    :raises AirflowFailException: the definition is another.
    """
    from airflow.sdk.execution_time.xcom import XCom

    ti = context["ti"]
    exit_task = names.exit_id(declaration.stage.name)
    began_with = ti.xcom_pull(task_ids=exit_task, key=DEFINITION)
    now = declaration.wiring.definition.hash
    if began_with is None or began_with == now:
        return
    reason = (
        f"The definition of {declaration.wiring.pipeline.name} changed while this execution was in "
        f"{declaration.stage.name}. It began with {began_with}, this is {now}."
    )
    XCom.set(
        key=CANCELLED,
        value=to_json_value(Cancellation(reason=reason)),
        dag_id=ti.dag_id,
        run_id=ti.run_id,
        task_id=exit_task,
        map_index=-1,
    )
    raise AirflowFailException(f"Cancelled: {reason}")
