"""Airflow in memory: what it does with the tasks of a pipeline's real DAG.

Tasks, edges and trigger rules are those of `build_dag`. Whatever is decided is decided by the code that a
real Airflow runs: the gates' `decide`, the pins of definitions, the outcomes of conditions, the listener's
`run_ended`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import msgspec
from airflow.sdk.exceptions import AirflowFailException

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.condition_outcome import ConditionOutcome
from airflow_codepipeline.dag.declared import PinnedDefinition, definition_hash
from airflow_codepipeline.dag.definition_pin import GatePin, refuse_another_definition
from airflow_codepipeline.dag.factory import build_dag
from airflow_codepipeline.dag.result import XCOM_KEY
from airflow_codepipeline.dag.stage_gate import SUPERSEDED_BY
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.execution.conditions import RuleStatus
from airflow_codepipeline.execution.gate import Presence, Superseded, Visitor, Wait, decide
from airflow_codepipeline.execution.records import (
    AGAIN,
    CANCELLED,
    RETRIES,
    ROLLBACK,
    STOPPED,
    Cancellation,
    override_key,
)
from airflow_codepipeline.execution.status import FINISHED_TASK_STATES, UNDER_WAY
from execution.trigger_rules import RUN, verdict

GATE, ACTION, APPROVAL = "StageGateSensor", "ActionOperator", "ManualApprovalSensor"
CONDITION, FAILURE, EMPTY = "StageConditionOperator", "FailureConditionOperator", "EmptyOperator"
_dags: dict[tuple[str, int], Any] = {}


def at_once(coroutine: Any) -> Any:
    """Run a coroutine whose questions are all answered at once."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("It waits")


def _owned_by(pipeline: Any, owner: str) -> Any:
    extension = msgspec.structs.replace(pipeline.airflow, owner=owner)
    return msgspec.structs.replace(pipeline, airflow=extension)


@dataclass(eq=False)
class Run:
    """A DAG run.

    :param tasks: the states of its tasks.
    :param ended: when they ended, as the world counts.
    :param xcoms: by task and key.
    """

    run_id: str
    order: tuple[str, str]
    dag: Any
    definition: str
    conf: dict[str, Any]
    tasks: dict[str, str | None]
    ended: dict[str, int] = field(default_factory=dict)
    xcoms: dict[tuple[str, str], Any] = field(default_factory=dict)
    waited: set[str] = field(default_factory=set)
    arrived: dict[str, int] = field(default_factory=dict)
    state: str = "running"
    cleared: int = 0
    note: str | None = None

    @property
    def dag_id(self) -> str:
        return str(self.dag.dag_id)

    def get_task_instances(self, session: World) -> list[Any]:
        return [
            SimpleNamespace(
                task_id=task, set_state=lambda state, session, task=task: session.end(self, task, state)
            )
            for task in self.tasks
        ]


class World:
    """A pipeline, its runs, and the session of whoever asks for them.

    :param cancels: whether a new definition cancels what is under way, as where bundles have no versions.
    """

    def __init__(self, pipeline: Any, *, cancels: bool) -> None:
        self.cancels = cancels
        self.version = 0
        self.now = 0
        self.runs: dict[str, Run] = {}
        self.disabled: set[str] = set()
        self.begun: list[tuple[str, str]] = []
        """Every action that began: its run and its task."""
        self.entered: dict[str, list[tuple[str, str]]] = {}
        """By stage the orders of the executions that went in, each once; rollbacks left out."""
        self.pipeline = pipeline
        self.update()

    def update(self) -> None:
        """Let the definition be another, of the same stages."""
        key = (repr(self.pipeline), self.version)
        if key not in _dags:
            variant = _owned_by(self.pipeline, f"version-{self.version}")
            _dags[key] = variant, build_dag(variant), definition_hash(variant)
        self.declaration, self.dag, self.definition = _dags[key]
        self.version += 1

    # What Airflow does.

    def start(self, run_id: str, conf: dict[str, Any] | None = None) -> Run:
        """Create a run."""
        answered = self.runs.get(((conf or {}).get(ROLLBACK) or {}).get("inPlaceOf"))
        order = (f"{answered.order[0]}~" if answered else f"{len(self.runs):04}", run_id)
        tasks = dict.fromkeys(self.dag.task_dict)
        run = Run(run_id, order, self.dag, self.definition, conf or {}, tasks)
        self.runs[run_id] = run
        return run

    def end(self, run: Run, task: str, state: str) -> None:
        """Set the state of a task."""
        self.now += 1
        run.tasks[task] = state
        run.ended[task] = self.now

    def settle(self) -> None:
        """Let everything happen that happens by itself."""
        for _ in range(10_000):
            if not (self._schedule() or self._decide_failures() or self._end_runs() or self._poll_gates()):
                return
        raise AssertionError("It never comes to rest")

    def _open(self) -> list[Run]:
        return [run for run in self.runs.values() if run.state == "running"]

    def _schedule(self) -> bool:
        changed = False
        for run in self._open():
            for task in [task for task, state in run.tasks.items() if state is None]:
                operator = run.dag.task_dict[task]
                upstream = [run.tasks[other] for other in operator.upstream_task_ids]
                outcome = verdict(operator.trigger_rule.value, upstream)
                if outcome == RUN:
                    self._begin(run, task, operator)
                elif outcome:
                    self.end(run, task, outcome)
                changed |= outcome is not None
        return changed

    def _begin(self, run: Run, task: str, operator: Any) -> None:
        kind = type(operator).__name__
        if kind == EMPTY:
            self.end(run, task, "success")
        elif kind == GATE:
            self._arrive(run, task, operator)
        elif kind == FAILURE:
            run.tasks[task] = "deferred"
        elif kind == CONDITION and self._is_overridden(run, operator.declaration):
            run.xcoms[task, XCOM_KEY] = ConditionOutcome.overridden(operator.declaration).to_xcom()
            self.end(run, task, "success")
        else:
            for key in [key for key in run.xcoms if key[0] == task]:
                del run.xcoms[key]
            self._start_work(run, task, operator)

    def _start_work(self, run: Run, task: str, operator: Any) -> None:
        """Let a worker begin with an action or a condition."""
        ti = SimpleNamespace(
            dag_id=run.dag_id,
            run_id=run.run_id,
            xcom_pull=lambda task_ids, key: run.xcoms.get((task_ids, key)),
        )
        latest = self.dag.task_dict[task] if self.cancels else operator
        try:
            refuse_another_definition({"ti": ti}, latest.declaration)
        except AirflowFailException:
            self.end(run, task, "failed")
            return
        if type(operator).__name__ in {ACTION, APPROVAL}:
            self.begun.append((run.run_id, task))
        run.tasks[task] = "awaiting_input" if type(operator).__name__ == APPROVAL else "running"

    def _is_overridden(self, run: Run, declaration: Any) -> bool:
        exit_task = names.exit_id(declaration.stage.name)
        return (exit_task, override_key(declaration.hook)) in run.xcoms

    def _decide_failures(self) -> bool:
        """Do what `StageFailureTrigger` does: wait until nothing is in progress, then decide."""
        changed = False
        for run in self._open():
            for task in [task for task, state in run.tasks.items() if state == "deferred"]:
                operator = run.dag.task_dict[task]
                if type(operator).__name__ != FAILURE:
                    continue
                states = [run.tasks[action] for action in operator.trigger_kwargs["actions"]]
                if not FINISHED_TASK_STATES.issuperset(states):
                    continue
                changed = True
                exit_task = operator.trigger_kwargs["exit_task"]
                told = [run.xcoms.get((exit_task, key)) for key in (STOPPED, CANCELLED)]
                if "failed" not in states or any(told):
                    self.end(run, task, "skipped")
                elif operator.declaration.rules:
                    self._start_work(run, task, operator)
                else:
                    self.conclude(run, task, ())
        return changed

    def conclude(self, run: Run, task: str, rules: tuple[str, ...]) -> None:
        """Let the rules of a condition's task end: each `Succeeded`, `Failed` or `Errored`."""
        operator = run.dag.task_dict[task]
        retries = run.xcoms.get((names.exit_id(operator.declaration.stage.name), RETRIES)) or {}
        records = [
            SimpleNamespace(
                errored=rule == "Errored",
                status=RuleStatus.SUCCEEDED if rule == "Succeeded" else RuleStatus.FAILED,
                outcome=lambda: None,
            )
            for rule in rules
        ]
        outcome = ConditionOutcome.of(
            operator.declaration, records, retries=retries.get("autoStageRetryAttempt", 0)
        )
        run.xcoms[task, XCOM_KEY] = to_json_value(outcome)
        if type(operator).__name__ == FAILURE or outcome.status == "Succeeded":
            self.end(run, task, "success")
        elif outcome.engaged and outcome.result == "SKIP":
            for action in operator._first_actions():
                self.end(run, action, "skipped")
            self.end(run, task, "success")
        else:
            self.end(run, task, "failed")

    def _end_runs(self) -> bool:
        changed = False
        for run in self._open():
            if not FINISHED_TASK_STATES.issuperset(run.tasks.values()):
                waits = [task for task, state in run.tasks.items() if state in UNDER_WAY]
                assert waits, f"{run.run_id} is deadlocked: {run.tasks}"
                continue
            leaves = {run.tasks[task.task_id] for task in run.dag.leaves}
            run.state = "success" if leaves <= {"success", "skipped"} else "failed"
            self._tell_listener(run)
            changed = True
        return changed

    def _tell_listener(self, run: Run) -> None:
        from airflow_codepipeline.service.outcome import run_ended

        run_ended(run)

    # What a gate does.

    def _arrive(self, run: Run, task: str, operator: Any) -> None:
        stage = names.parse_task_id(task)[0]
        rollback = run.conf.get(ROLLBACK)
        if rollback and rollback["stage"] != stage:
            self.end(run, task, "skipped")
            return
        self.now += 1
        run.arrived[task] = self.now
        run.waited.discard(task)
        run.tasks[task] = "deferred"
        if reason := at_once(self._pin(run, task, operator).arrive()):
            self._cancel(run, task, reason)

    def _pin(self, run: Run, task: str, operator: Any) -> GatePin:
        kwargs = operator.trigger_kwargs
        exit_task = kwargs["exit_task"]
        return GatePin(
            SimpleNamespace(dag_id=run.dag_id, run_id=run.run_id, task_id=task),
            PinnedDefinition(
                hash=self.definition if self.cancels else run.definition,
                watched="/dags" if self.cancels else None,
            ),
            exit_task=exit_task,
            home=kwargs["run_task"] if ROLLBACK not in run.conf else exit_task,
            cleared=run.cleared > 0,
        )

    def _cancel(self, run: Run, task: str, reason: str) -> None:
        run.xcoms[task, CANCELLED] = to_json_value(Cancellation(reason=reason))
        self.end(run, task, "skipped")

    def _poll_gates(self) -> bool:
        gates = [
            (run.arrived[task], run, task)
            for run in self._open()
            for task, state in run.tasks.items()
            if state == "deferred" and type(run.dag.task_dict[task]).__name__ == GATE
        ]
        polled = [self._poll(run, task) for _, run, task in sorted(gates, key=lambda gate: gate[0])]
        return any(polled)

    def _poll(self, run: Run, task: str) -> bool:
        if run.tasks[task] != "deferred":
            return False
        operator = run.dag.task_dict[task]
        if (
            self.cancels
            and run.xcoms.get((operator.trigger_kwargs["exit_task"], "definition")) != self.definition
        ):
            self._cancel(run, task, "The definition changed.")
            return True
        others = [
            visitor
            for other in self.runs.values()
            if other is not run and (visitor := self.visitor(other, task))
        ]
        decision = decide(
            operator.trigger_kwargs["mode"],
            self._waiting(run, task),
            others,
            disabled=names.parse_task_id(task)[0] in self.disabled,
        )
        if isinstance(decision, Wait):
            run.waited.add(task)
            return False
        if isinstance(decision, Superseded):
            run.xcoms[task, SUPERSEDED_BY] = decision.by[1]
        else:
            self._note_entry(run, task)
        self.end(run, task, "skipped" if isinstance(decision, Superseded) else "success")
        return True

    def _note_entry(self, run: Run, gate: str) -> None:
        entered = self.entered.setdefault(gate, [])
        if ROLLBACK not in run.conf and run.order not in entered:
            entered.append(run.order)

    def visitor(self, run: Run, gate: str) -> Visitor | None:
        """Return a run as the gates of a stage see it; none where it is not there."""
        stage = names.parse_task_id(gate)[0]
        if run.tasks[gate] == "success":
            left = run.tasks[names.exit_id(stage)] in FINISHED_TASK_STATES
            return None if left else Visitor(run.order, Presence.INSIDE)
        return self._waiting(run, gate) if run.tasks[gate] in UNDER_WAY else None

    def _waiting(self, run: Run, gate: str) -> Visitor:
        exit_task = names.exit_id(names.parse_task_id(gate)[0])
        again = run.xcoms.get((exit_task, AGAIN)) == {"cleared": run.cleared}
        rolls_back = "inPlaceOf" in run.conf.get(ROLLBACK, {})
        return Visitor(run.order, Presence.WAITING, gate in run.waited, again, rolls_back)
