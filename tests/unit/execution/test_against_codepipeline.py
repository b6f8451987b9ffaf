"""Executions on Airflow against CodePipeline's own rules, through random histories of a pipeline.

`codepipeline_model` says what §4.1-§4.11 of the specification promises; `airflow_world` does what Airflow
does with the tasks of the real DAG, and lets our code decide. After each step both say the same.
"""

from __future__ import annotations

import uuid
from collections import Counter

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from airflow_codepipeline.dag import names
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.standing import action_status, stage_status
from airflow_codepipeline.execution.status import FINISHED_TASK_STATES
from execution.codepipeline_model import CodePipeline, may_follow
from execution.machine_cases import cases
from execution.operations import LIMIT, Airflow
from execution.shapes import SHAPES, pipeline_of, shapes_of

HOOKS = {"before": "BEFORE_ENTRY", "success": "ON_SUCCESS"}
HOOK_TASKS = {"before": "beforeEntry", "success": "onSuccess", "failure": "onFailure"}
RULES = st.sampled_from(("Succeeded", "Succeeded", "Failed", "Errored")).map(lambda rule: (rule,))
CHOICE = st.integers(0, 1000)
MOST = 7
"""So many executions a history has: each is compared after every step."""


class Pipeline(RuleBasedStateMachine):
    """One pipeline of one mode, and its executions."""

    mode: str

    def __init__(self) -> None:
        super().__init__()
        self.monkeypatch = pytest.MonkeyPatch()
        self.seen: dict[str, str] = {}
        self.looked_at = 0

    def teardown(self) -> None:
        self.monkeypatch.undo()

    @initialize(data=st.data(), cancels=st.booleans())
    def declare(self, data, cancels):
        shape = data.draw(st.sampled_from(shapes_of(self.mode)), label="shape")
        self.model = CodePipeline(self.mode, SHAPES[shape], cancels=cancels, limit=LIMIT)
        self.airflow = Airflow(pipeline_of(SHAPES[shape], self.mode), cancels=cancels)
        self.airflow.install(self.monkeypatch)
        self.model.version = 1

    # What people and providers do.

    @precondition(lambda self: len(self.model.executions) < MOST)
    @rule()
    def start(self):
        run_id = str(uuid.UUID(int=len(self.airflow.runs)))
        self.both(self.model.start(), self.airflow.start_execution, run_id)

    @precondition(lambda self: self.actions())
    @rule(choice=CHOICE, well=st.sampled_from((True, True, False)))
    def end_action(self, choice, well):
        """An action ends, an approval is approved or rejected."""
        self.end_one_action(choice, well=well)

    def end_one_action(self, choice, *, well):
        execution, action = self.pick(self.actions(), choice)
        stage = self.model.stages[execution.at].name
        self.airflow.end(self.run(execution), names.task_id(stage, action), "success" if well else "failed")
        self.both(self.model.action_ends(execution, action, well=well))

    @precondition(lambda self: self.actions())
    @rule(choice=CHOICE, most=st.integers(1, 9))
    def let_succeed(self, choice, most):
        """So many actions and conditions of an execution end well, one after the other."""
        execution, _ = self.pick(self.actions(), choice)
        for _ in range(most):
            running = [index for index, (one, _) in enumerate(self.actions()) if one is execution]
            asking = [index for index, (one, *_) in enumerate(self.conditions()) if one is execution]
            if running:
                self.end_one_action(running[0], well=True)
            elif asking:
                self.end_one_condition(asking[0], ("Succeeded",))

    @precondition(lambda self: self.conditions())
    @rule(choice=CHOICE, rules=RULES)
    def end_condition(self, choice, rules):
        self.end_one_condition(choice, rules)

    def end_one_condition(self, choice, rules):
        execution, stage, hook = self.pick(self.conditions(), choice)
        task = f"{names.group_id(stage)}.{HOOK_TASKS[hook]}"
        self.airflow.conclude(self.run(execution), task, rules)
        self.both(self.model.condition_ends(execution, rules))

    @precondition(lambda self: self.model.executions)
    @rule(choice=CHOICE, abandon=st.booleans())
    def stop(self, choice, abandon):
        execution = self.pick(self.model.executions, choice)
        expected = self.model.stop(execution, abandon=abandon)
        self.both(expected, self.airflow.stop, self.run_id(execution), abandon=abandon)

    @precondition(lambda self: self.stays())
    @rule(choice=CHOICE, mode=st.sampled_from(("FAILED_ACTIONS", "ALL_ACTIONS")))
    def retry(self, choice, mode):
        execution, stage = self.pick(self.stays(), choice)
        expected = self.model.retry(execution, stage, mode)
        self.both(expected, self.airflow.retry, self.run_id(execution), stage, mode)

    @precondition(lambda self: self.failed())
    @rule(choice=CHOICE, mode=st.sampled_from(("FAILED_ACTIONS", "ALL_ACTIONS")))
    def retry_what_failed(self, choice, mode):
        execution, stage = self.pick(self.failed(), choice)
        expected = self.model.retry(execution, stage, mode)
        self.both(expected, self.airflow.retry, self.run_id(execution), stage, mode)

    @precondition(lambda self: self.failed())
    @rule(choice=CHOICE, hook=st.sampled_from(tuple(HOOKS)))
    def override(self, choice, hook):
        self.override_one(*self.pick(self.failed(), choice), hook)

    @precondition(lambda self: self.overridable())
    @rule(choice=CHOICE)
    def override_what_is_evaluated(self, choice):
        self.override_one(*self.pick(self.overridable(), choice))

    def override_one(self, execution, stage, hook):
        expected = self.model.override(execution, stage, hook)
        self.both(expected, self.airflow.override, self.run_id(execution), stage, HOOKS[hook])

    @precondition(lambda self: self.stays() and len(self.model.executions) < MOST)
    @rule(choice=CHOICE)
    def rollback(self, choice):
        execution, stage = self.pick(self.stays(), choice)
        expected = self.model.rollback(stage, execution)
        self.both(expected, self.airflow.rollback, self.run_id(execution), stage)

    @rule(choice=CHOICE)
    def disable(self, choice):
        stage = self.pick(self.model.stages, choice).name
        self.airflow.disabled.add(stage)
        self.both(self.model.disable(stage))

    @precondition(lambda self: self.model.disabled)
    @rule(choice=CHOICE)
    def enable(self, choice):
        stage = self.pick(sorted(self.model.disabled), choice)
        self.airflow.disabled.discard(stage)
        self.both(self.model.enable(stage))

    @precondition(lambda self: self.model.version < 3 and len(self.model.executions) > 2)
    @rule()
    def update(self):
        self.airflow.update()
        self.both(self.model.update())

    # How they are compared.

    def both(self, expected=None, operation=None, *arguments, **options):
        """Let Airflow do what the model has done, and refuse what the model has refused."""
        refused = None
        if operation is not None:
            try:
                operation(*arguments, **options)
            except Refusal as refusal:
                refused = refusal.code
        assert refused == expected, f"refused with {refused}, expected {expected}"
        self.airflow.settle()
        self.check_begun()

    def pick(self, choices, choice):
        return choices[choice % len(choices)]

    def run_id(self, execution):
        return list(self.airflow.runs)[execution.number]

    def run(self, execution):
        return self.airflow.runs[self.run_id(execution)]

    def stays(self):
        return [(one, stage) for one in self.model.executions for stage in one.stays]

    def failed(self):
        return [
            (one, stage) for one, stage in self.stays() if one.stays[stage].status in {"Failed", "Stopped"}
        ]

    def inside(self):
        for one in self.model.executions:
            if one.at is not None and not one.waits:
                stage = self.model.stages[one.at].name
                yield one, stage, one.stays[stage]

    def actions(self):
        return [
            (one, action)
            for one, _, stay in self.inside()
            for action, status in stay.actions.items()
            if status == "InProgress"
        ]

    def conditions(self):
        return [(one, stage, stay.pending) for one, stage, stay in self.inside() if stay.pending]

    def overridable(self):
        return [(one, stage, hook) for one, stage, hook in self.conditions() if hook in HOOKS]

    @invariant()
    def they_agree(self):
        """Compare what both say, and hold what must hold whatever they say."""
        assert len(self.airflow.runs) == len(self.model.executions)
        holders = Counter()
        for execution, run_id in zip(self.model.executions, self.airflow.runs, strict=True):
            snapshot = self.airflow.snapshot(self.airflow.runs[run_id])
            stages, status = snapshot.stages(), snapshot.status()
            self.compare(execution, stages, status)
            self.check_change(run_id, status)
            if snapshot.run.state != "running":
                states = {task.state for task in snapshot.tasks.values()}
                assert states <= FINISHED_TASK_STATES, f"{run_id} has ended and goes on"
            holders.update(stage.name for stage in stages if stage.is_inside)
        assert self.mode == "PARALLEL" or set(holders.values()) <= {1}, "Two are in a stage"

    def compare(self, execution, stages, status):
        found = {
            stage.name: (standing, {action: action_status(stage, action) for action in stage.actions})
            for stage in stages
            if (standing := stage_status(stage)) is not None
        }
        expected = {name: (stay.status, stay.actions) for name, stay in execution.stays.items()}
        assert found == expected, f"Execution {execution.number}: {found}, expected {expected}"
        assert status == execution.status, f"Execution {execution.number}: {status}, {execution.status}"
        waits = [stage.name for stage in stages if stage.is_waiting]
        assert waits == ([self.model.stages[execution.at].name] if execution.waits else [])

    def check_change(self, run_id, status):
        """Check that a status changes only as §4.1 allows; what is final stays."""
        before = self.seen.get(run_id)
        assert status == before or may_follow(before, status), f"{run_id}: {before}, then {status}"
        self.seen[run_id] = str(status)

    def check_begun(self):
        """Check that an execution that was stopped, cancelled or superseded, or failed, starts no action."""
        for run_id, task in self.airflow.begun[self.looked_at :]:
            status = self.airflow.snapshot(self.airflow.runs[run_id]).status()
            assert status == "InProgress", f"{task} of {run_id} began, which is {status}"
        self.looked_at = len(self.airflow.begun)

    @invariant()
    def executions_enter_in_the_order_of_their_start(self):
        if self.mode != "PARALLEL":
            for gate, orders in self.airflow.entered.items():
                assert orders == sorted(orders), gate

    @invariant()
    def nobody_waits_without_a_reason(self):
        """No execution is lost: it goes on, or waits for a transition or an occupant."""
        for index, stage in enumerate(self.model.stages):
            waiting = self.model.waiting(index)
            if waiting and stage.name not in self.model.disabled:
                assert self.mode != "PARALLEL"
                assert self.model.occupant(index), stage.name
            if self.mode == "SUPERSEDED":
                assert len(waiting) <= 1, stage.name


TestSuperseded, TestQueued, TestParallel = cases(Pipeline, examples=120)
