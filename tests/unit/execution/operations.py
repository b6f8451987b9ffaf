"""The operations of `service/` on the Airflow of `airflow_world`: their database is in memory."""

from __future__ import annotations

import uuid
from dataclasses import fields
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.dag import definition_pin, names, supervisor
from airflow_codepipeline.dag.action_operator import ENGINE_RETRIES
from airflow_codepipeline.dag.names import stage_task_id
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.execution.start import check_room
from airflow_codepipeline.execution.status import FINISHED_TASK_STATES
from airflow_codepipeline.service import left_jobs, override, retry, rollback, stop, updates
from airflow_codepipeline.service import pipelines as pipelines_module
from airflow_codepipeline.service import snapshot as snapshot_module
from airflow_codepipeline.service.evidence import Evidence
from airflow_codepipeline.service.pipelines import DeclaredPipeline
from airflow_codepipeline.service.rows import RunRow, TaskRow
from airflow_codepipeline.service.snapshot import ExecutionSnapshot
from execution.airflow_world import CONDITION, Run, World

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pytest

    from airflow_codepipeline.execution.standing import StageTasks

LIMIT = 6


_UNKNOWN = {kind: dict.fromkeys(column.name for column in fields(kind)) for kind in (RunRow, TaskRow)}


def row(kind: Any, **values: Any) -> Any:
    """A row of which nothing else is known."""
    return kind(**_UNKNOWN[kind] | values)


class Airflow(World):
    """What the operations take for a session, and what they read and change through it."""

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the operations, and what workers and triggers ask, come here."""
        import sqlalchemy.orm
        from airflow.models import dagbag
        from airflow.sdk.execution_time import xcom

        for module in (stop, retry, override, rollback, updates, pipelines_module, snapshot_module):
            for name in _DATABASE:
                if hasattr(module, name):
                    monkeypatch.setattr(module, name, getattr(Airflow, name.lstrip("_")))
        monkeypatch.setattr(sqlalchemy.orm, "object_session", lambda _: self)
        monkeypatch.setattr(dagbag, "DBDagBag", lambda **_: self)
        # No action of this Airflow's starts a job.
        monkeypatch.setattr(left_jobs, "read_evidence", lambda *_: Evidence({}))
        monkeypatch.setattr(left_jobs, "read_past", lambda *_: {})
        monkeypatch.setattr(xcom, "XCom", SimpleNamespace(set=self._set_xcom))
        monkeypatch.setattr(definition_pin, "ask", self._task_states)
        monkeypatch.setattr(supervisor, "pull_xcom", self._pull_xcom)
        monkeypatch.setattr(supervisor, "push_xcom", self._push_xcom)

    # What people do.

    def start_execution(self, run_id: str) -> None:
        """Do what `start_execution` does when it has checked its parameters."""
        under_way = len(self._open())
        check_room(self.pipeline.name, self.pipeline.execution_mode, under_way=under_way, limit=LIMIT)
        self.start(run_id)

    def stop(self, run_id: str, *, abandon: bool) -> None:
        stop.stop_pipeline_execution(self, "ada", **self._call(run_id), abandon=abandon)

    def retry(self, run_id: str, stage: str, mode: Any) -> None:
        retry.retry_stage_execution(self, "ada", **self._call(run_id), stage_name=stage, retry_mode=mode)

    def override(self, run_id: str, stage: str, hook: Any) -> None:
        override.override_stage_condition(
            self, "ada", **self._call(run_id), stage_name=stage, condition_type=hook
        )

    def rollback(self, run_id: str, stage: str) -> None:
        rollback.rollback_stage(
            self,
            "ada",
            pipeline_name=self.pipeline.name,
            stage_name=stage,
            target_pipeline_execution_id=execution_id(run_id),
        )

    def _call(self, run_id: str) -> dict[str, str]:
        return {"pipeline_name": self.pipeline.name, "pipeline_execution_id": execution_id(run_id)}

    # What the operations ask of a database.

    def flush(self) -> None:
        """Write what has changed: everything is written at once."""

    def find_pipeline(self, name: str) -> DeclaredPipeline:
        assert name == self.pipeline.name
        return self._declared(self.declaration, self.definition)

    def find_execution(
        self, pipeline: DeclaredPipeline, execution_id: str, *, lock: bool = False
    ) -> ExecutionSnapshot:
        del pipeline, lock
        return self.snapshot(self.runs[execution_id])

    def load_executions(self, pipeline: DeclaredPipeline, run_ids: list[str]) -> list[ExecutionSnapshot]:
        del pipeline
        return [self.snapshot(self.runs[run_id]) for run_id in run_ids]

    def snapshot(self, run: Run) -> ExecutionSnapshot:
        """Return an execution as the operations read it."""
        definition = self.definition if self.cancels else run.definition
        return ExecutionSnapshot(
            pipeline=self._declared(self.declaration, definition),
            run=row(
                RunRow,
                run_id=run.run_id,
                state=run.state,
                conf=run.conf,
                clear_number=run.cleared,
                bundle_version=None if self.cancels else run.definition,
            ),
            tasks={
                task: row(
                    TaskRow,
                    id=task,
                    state=state,
                    end_date=run.ended.get(task),
                    try_number=1,
                    max_tries=ENGINE_RETRIES,
                )
                for task, state in run.tasks.items()
            },
            marks=dict(run.xcoms),
        )

    def _declared(self, declaration: Any, definition: str) -> DeclaredPipeline:
        return DeclaredPipeline(
            dag_id=self.dag.dag_id, declaration=declaration, definition=definition, version=self.version
        )

    def leave_mark(self, execution: ExecutionSnapshot, stage: str, key: str, record: Any) -> None:
        self.runs[execution.run.run_id].xcoms[names.exit_id(stage), key] = to_json_value(record)

    def remove_marks(self, execution: ExecutionSnapshot, stage: str, keys: Iterable[str]) -> None:
        for key in keys:
            self.runs[execution.run.run_id].xcoms.pop((names.exit_id(stage), key), None)

    def run_again(self, execution: ExecutionSnapshot, stage: str, tasks: Iterable[str]) -> None:
        """Do what `clear_task_instances` does."""
        run = self.runs[execution.run.run_id]
        stages = [declared.name for declared in self.pipeline.stages]
        wanted = {stage_task_id(stage, task) for task in tasks}
        later = stages[stages.index(stage) + 1 :]
        wanted |= {task for task in run.tasks if names.parse_task_id(task)[0] in later}
        for task in wanted:
            overridden = type(run.dag.task_dict[task]).__name__ == CONDITION
            assert overridden or run.tasks[task] != "running", f"{task} would be ended and started again"
            run.tasks[task] = None
            run.ended.pop(task, None)
        run.cleared += 1
        run.state = "running"

    def set_states(self, execution: ExecutionSnapshot, states: Mapping[str, str]) -> None:
        for task, state in states.items():
            self.end(self.runs[execution.run.run_id], task, state)

    def set_run_state(self, execution: ExecutionSnapshot, state: str) -> None:
        self.runs[execution.run.run_id].state = state

    def newer_has_entered(self, execution: ExecutionSnapshot, stage: str) -> bool:
        run, gate = self.runs[execution.run.run_id], names.enter_id(stage)
        if gate not in run.ended or self.pipeline.execution_mode == "PARALLEL":
            return False
        return any(
            other.tasks[gate] == "success" and other.ended[gate] > run.ended[gate]
            for other in self.runs.values()
            if other is not run
        )

    def is_occupied(self, pipeline: DeclaredPipeline, stage: str) -> bool:
        del pipeline
        return any(
            run.tasks[names.enter_id(stage)] == "success"
            and run.tasks[names.exit_id(stage)] not in FINISHED_TASK_STATES
            for run in self.runs.values()
        )

    def succeeded(self, pipeline: DeclaredPipeline, stage: str) -> Iterator[ExecutionSnapshot]:
        del pipeline
        done = names.done_id(stage)
        passed = [run for run in self.runs.values() if run.tasks[done] == "success"]
        yield from map(self.snapshot, sorted(passed, key=lambda run: run.ended[done], reverse=True))

    def get_latest_version_of_dag(self, dag_id: str, session: Airflow) -> Any:
        del session
        assert dag_id == self.dag.dag_id
        return self.dag

    def create_run(self, dag: Any, *, run_id: str, conf: dict[str, Any], **_: Any) -> Run:
        assert dag is self.dag
        assert run_id not in self.runs, "The rollback was started before"
        return self.start(run_id, conf)

    def lock_pipeline(self, pipeline: DeclaredPipeline) -> Any:
        """Say what Airflow has set for the DAG."""
        return SimpleNamespace(is_paused=False)

    # What workers and triggers ask.

    async def _task_states(self, question: Any) -> Any:
        return SimpleNamespace(task_states={run: dict(self.runs[run].tasks) for run in question.run_ids})

    async def _pull_xcom(self, *, dag_id: str, run_id: str, task_id: str, key: str) -> Any:
        del dag_id
        return self.runs[run_id].xcoms.get((task_id, key))

    async def _push_xcom(self, **xcom: Any) -> None:
        self._set_xcom(**xcom)

    def _set_xcom(self, *, run_id: str, task_id: str, key: str, value: Any, **_: Any) -> None:
        self.runs[run_id].xcoms[task_id, key] = value

    def stages(self, run_id: str) -> dict[str, StageTasks]:
        """Return how an execution stands in its stages."""
        return {stage.name: stage for stage in self.snapshot(self.runs[run_id]).stages()}


def execution_id(run_id: str) -> str:
    """Return an execution's id, which is its run's where that is a UUID, as they all are here."""
    return str(uuid.UUID(run_id))


_DATABASE = (
    "find_pipeline",
    "find_execution",
    "load_executions",
    "leave_mark",
    "remove_marks",
    "run_again",
    "set_states",
    "set_run_state",
    "newer_has_entered",
    "create_run",
    "lock_pipeline",
    "_is_occupied",
    "_succeeded",
)
