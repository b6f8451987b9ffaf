"""CodePipeline as codepipeline.md §4.1-§4.11 tells it, and nothing of how Airflow does it.

The model is what the machine of `test_against_codepipeline.py` compares with. Where the guide leaves two
readings, a comment says which one is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

NOT_LATEST = "NotLatestPipelineExecutionException"
NOT_RETRYABLE = "StageNotRetryableException"
NOT_STOPPABLE = "PipelineExecutionNotStoppableException"
STOPPED_TWICE = "DuplicatedStopRequestException"
NOT_OVERRIDABLE = "ConditionNotOverridableException"
NO_ROLLBACK = "UnableToRollbackStageException"
OUTDATED = "PipelineExecutionOutdatedException"
CONFLICT = "ConflictException"
TOO_MANY = "ConcurrentPipelineExecutionsLimitExceededException"

LEGAL = {
    None: {"InProgress"},
    "InProgress": {"Succeeded", "Failed", "Superseded", "Stopping", "Cancelled"},
    "Stopping": {"Stopped"},
    "Failed": {"InProgress"},
    "Stopped": {"InProgress"},
    "Succeeded": set(),
    "Superseded": set(),
    "Cancelled": set(),
}
"""What may follow what (§4.1)."""


def may_follow(before: str | None, now: str) -> bool:
    """Tell whether an execution's status may have changed so, in one change or in two at the same moment."""
    return now in LEGAL[before] or any(now in LEGAL[between] for between in LEGAL[before])


@dataclass(frozen=True)
class StageSpec:
    """A stage.

    :param groups: its actions by runOrder.
    :param before: the result of its entry condition, `success` of that after its success.
    :param failure: what follows on a failure; `failure_rules`: if its rules say so.
    """

    name: str
    groups: tuple[tuple[str, ...], ...]
    before: str | None = None
    success: str | None = None
    failure: str | None = None
    failure_rules: bool = False
    retry_mode: str = "FAILED_ACTIONS"


@dataclass
class Stay:
    """An execution in a stage.

    :param pending: the condition that is being evaluated.
    :param entered: when it entered, as the model counts.
    :param retried: whether it was retried before.
    """

    entered: int
    actions: dict[str, str | None]
    status: str = "InProgress"
    pending: str | None = None
    failed_hook: str | None = None
    passed_before: bool = False
    retried: bool = False


@dataclass
class Execution:
    """An execution.

    :param at: the stage that it is in, or in front of; none where it has ended.
    """

    number: int
    version: int
    target: str | None = None
    status: str = "InProgress"
    at: int | None = None
    waits: bool = False
    stop: Literal["wait", "abandon"] | None = None
    stays: dict[str, Stay] = field(default_factory=dict)
    auto_retried: set[str] = field(default_factory=set)
    overridden: set[tuple[str, str]] = field(default_factory=set)


class CodePipeline:
    """A pipeline and its executions.

    :param cancels: whether an update cancels what is under way (design §5, docs/updates.md: in every mode).
    """

    def __init__(self, mode: str, stages: tuple[StageSpec, ...], *, cancels: bool, limit: int) -> None:
        self.mode, self.stages, self.cancels, self.limit = mode, stages, cancels, limit
        self.executions: list[Execution] = []
        self.disabled: set[str] = set()
        self.passed: dict[str, list[Execution]] = {stage.name: [] for stage in stages}
        self.version = self.now = 0

    def stage(self, name: str) -> tuple[int, StageSpec]:
        return next((index, stage) for index, stage in enumerate(self.stages) if stage.name == name)

    # §4.3-§4.5: who enters a stage.

    def start(self) -> str | None:
        if self.mode != "SUPERSEDED" and sum(one.at is not None for one in self.executions) >= self.limit:
            return TOO_MANY  # §4.13; SUPERSEDED has no limit.
        self._arrive(self._new(), 0)
        return None

    def _new(self, target: str | None = None) -> Execution:
        execution = Execution(len(self.executions), self.version, target)
        self.executions.append(execution)
        return execution

    def occupant(self, index: int) -> Execution | None:
        return next((one for one in self.executions if one.at == index and not one.waits), None)

    def waiting(self, index: int) -> list[Execution]:
        return [one for one in self.executions if one.at == index and one.waits]

    def _arrive(self, execution: Execution, index: int) -> None:
        """Come to a stage for the first time."""
        if self._outdated(execution):
            return self._end(execution, "Cancelled")
        execution.at, execution.waits = index, True
        holder = self.occupant(index)
        # §4.3: an older one that comes where a newer one is or waits was overtaken.
        if self.mode == "SUPERSEDED" and holder and holder.number > execution.number:
            return self._end(execution, "Superseded")
        return self._admit(index)

    def _admit(self, index: int) -> None:
        """Let in who may go in; in SUPERSEDED mode the newest alone goes on waiting."""
        stage = self.stages[index].name
        if self.mode == "SUPERSEDED":
            for older in self.waiting(index)[:-1]:
                self._end(older, "Superseded")
        while waiting := self.waiting(index):
            if stage in self.disabled or (self.mode != "PARALLEL" and self.occupant(index)):
                return
            self._enter(waiting[0], index)

    def _enter(self, execution: Execution, index: int) -> None:
        self.now += 1
        execution.at, execution.waits = index, False
        stage = self.stages[index]
        actions = dict.fromkeys(action for group in stage.groups for action in group)
        stay = execution.stays.get(stage.name)
        if stay is None:
            execution.stays[stage.name] = Stay(self.now, actions)
        else:
            stay.entered = self.now
        self._go_on(execution)

    # §3.1, §4.2: one execution through a stage.

    def _go_on(self, execution: Execution) -> None:
        """Begin what comes next in the stage, nothing being in progress."""
        assert execution.at is not None
        stage = self.stages[execution.at]
        stay = execution.stays[stage.name]
        stay.status, stay.failed_hook = "InProgress", None
        if stage.before and not stay.passed_before:
            if (stage.name, "before") not in execution.overridden:
                return self._evaluate(execution, "before")
            stay.passed_before = True
        for group in stage.groups:
            missing = [action for action in group if stay.actions[action] is None]
            if missing:
                return self._begin(execution, stay, missing)
        if stage.success and (stage.name, "success") not in execution.overridden:
            return self._evaluate(execution, "success")
        return self._leave_well(execution)

    def _evaluate(self, execution: Execution, hook: str) -> None:
        assert execution.at is not None
        stay = execution.stays[self.stages[execution.at].name]
        if self._outdated(execution):
            stay.status = "Cancelled"
            return self._end(execution, "Cancelled")
        stay.pending = hook
        return None

    def _begin(self, execution: Execution, stay: Stay, actions: list[str]) -> None:
        if self._outdated(execution):
            # §4.6: actions in progress have ended, then it is cancelled. What would have begun next does not;
            # it is shown as what failed.
            stay.actions |= dict.fromkeys(actions, "Failed")
            stay.status = "Cancelled"
            return self._end(execution, "Cancelled")
        stay.actions |= dict.fromkeys(actions, "InProgress")
        return None

    def _leave_well(self, execution: Execution, status: str = "Succeeded") -> None:
        assert execution.at is not None
        index, stage = execution.at, self.stages[execution.at]
        execution.stays[stage.name].status = status
        self.passed[stage.name].append(execution)
        execution.at = None
        if execution.target is None and index + 1 < len(self.stages):
            self._arrive(execution, index + 1)
        else:
            # Design §5: a rollback runs the one stage.
            self._end(execution, "Cancelled" if self._outdated(execution) else "Succeeded")
        self._admit(index)

    def _end(self, execution: Execution, status: str) -> None:
        index, held = execution.at, not execution.waits
        execution.at, execution.waits, execution.status = None, False, status
        if index is not None and held:
            self._admit(index)

    def _outdated(self, execution: Execution) -> bool:
        return self.cancels and execution.version != self.version

    def action_ends(self, execution: Execution, action: str, *, well: bool) -> None:
        assert execution.at is not None
        stay = execution.stays[self.stages[execution.at].name]
        stay.actions[action] = "Succeeded" if well else "Failed"
        if "InProgress" in stay.actions.values():
            return
        if execution.stop:
            self._stopped(execution, stay)
        elif "Failed" in stay.actions.values():
            self._failed(execution, stay)
        else:
            self._go_on(execution)

    def _failed(self, execution: Execution, stay: Stay) -> None:
        """An action failed, and nothing is in progress any more."""
        assert execution.at is not None
        stage = self.stages[execution.at]
        if stage.failure and stage.failure_rules:
            self._evaluate(execution, "failure")
        else:
            self._answer(execution, stay, stage.failure)

    def _answer(self, execution: Execution, stay: Stay, result: str | None) -> None:
        """Carry out what a failed stage's condition says."""
        assert execution.at is not None
        stage = self.stages[execution.at]
        if result == "RETRY" and stage.name not in execution.auto_retried:
            # §4.9: exactly one. The execution keeps the stage.
            execution.auto_retried.add(stage.name)
            self._again(stay, stage.retry_mode)
            return self._go_on(execution)
        stay.status = "Failed"
        good = [one for one in self.passed[stage.name] if self._is_target(one, stage.name)]
        if result != "ROLLBACK" or execution.target is not None or not good:
            return self._end(execution, "Failed")
        # Of our own choice, since §4.10 leaves it open: the rollback takes the place of what failed.
        execution.at, execution.status = None, "Failed"
        return self._enter(self._new(stage.name), self.stages.index(stage))

    def condition_ends(self, execution: Execution, rules: tuple[str, ...]) -> None:
        """§3.1: a condition is met where all its rules succeeded."""
        assert execution.at is not None
        stage = self.stages[execution.at]
        stay = execution.stays[stage.name]
        hook, stay.pending = stay.pending, None
        met, errored = set(rules) <= {"Succeeded"}, "Errored" in rules
        if hook == "failure":
            return self._answer(execution, stay, stage.failure if met else None)
        if met:
            stay.passed_before = True
            return self._leave_well(execution) if hook == "success" else self._go_on(execution)
        if hook == "before" and stage.before == "SKIP" and not errored:
            return self._leave_well(execution, "Skipped")
        stay.failed_hook = hook
        # A rule that could not be evaluated fails the stage and does nothing else.
        return self._answer(execution, stay, stage.success if hook == "success" and not errored else None)

    # §4.8

    def stop(self, execution: Execution, *, abandon: bool) -> str | None:
        if execution.status == "Stopping":
            if execution.stop == "abandon" or not abandon:
                return STOPPED_TWICE
        elif execution.status != "InProgress":
            return NOT_STOPPABLE
        execution.stop = "abandon" if abandon else "wait"
        assert execution.at is not None
        if execution.waits:
            execution.stop = None
            self._end(execution, "Stopped")
            return None
        stay = execution.stays[self.stages[execution.at].name]
        running = [action for action, status in stay.actions.items() if status == "InProgress"]
        if running and not abandon:
            stay.status = execution.status = "Stopping"
            return None
        stay.actions |= dict.fromkeys(running, "Abandoned")
        self._stopped(execution, stay)
        return None

    def _stopped(self, execution: Execution, stay: Stay) -> None:
        stay.status, stay.pending, execution.stop = "Stopped", None, None
        self._end(execution, "Stopped")

    # §4.9

    def retry(self, execution: Execution, name: str, mode: str) -> str | None:
        index, _ = self.stage(name)
        stay = execution.stays.get(name)
        if stay is None or stay.status not in {"Failed", "Stopped", "InProgress"}:
            return NOT_RETRYABLE
        if self._newer_entered(execution, name):
            return NOT_LATEST
        if self._outdated(execution):
            return NOT_RETRYABLE
        statuses = set(stay.actions.values())
        if stay.status == "InProgress":
            return self._retry_at_once(execution, stay, mode)
        # A stage that was stopped may be retried even if no action failed (§4.8), else it could not go on.
        if stay.status == "Failed" and mode == "FAILED_ACTIONS" and statuses == {"Succeeded"}:
            return NOT_RETRYABLE
        self._again(stay, mode)
        execution.status, stay.status = "InProgress", "InProgress"
        self._enter(execution, index)
        return None

    def _retry_at_once(self, execution: Execution, stay: Stay, mode: str) -> str | None:
        """A failed action may be retried while others are in progress."""
        statuses = set(stay.actions.values())
        if stay.retried and "Failed" not in statuses:
            return CONFLICT  # Another retry is running.
        if "Failed" not in statuses or (mode == "ALL_ACTIONS" and "InProgress" in statuses):
            return NOT_RETRYABLE
        if "InProgress" not in statuses:
            return CONFLICT
        stay.retried = True
        failed = [action for action, status in stay.actions.items() if status == "Failed"]
        self._begin(execution, stay, failed)
        return None

    def _again(self, stay: Stay, mode: str) -> None:
        stay.pending, stay.retried = None, True
        if mode == "ALL_ACTIONS":
            stay.passed_before = False
        for action, status in stay.actions.items():
            if mode == "ALL_ACTIONS" or status != "Succeeded":
                stay.actions[action] = None

    def _newer_entered(self, execution: Execution, name: str) -> bool:
        if self.mode == "PARALLEL":
            return False
        mine = execution.stays[name].entered
        return any(name in other.stays and other.stays[name].entered > mine for other in self.executions)

    # §3.1: override.

    def override(self, execution: Execution, name: str, hook: str) -> str | None:
        index, stage = self.stage(name)
        if getattr(stage, hook) in {None, "SKIP"}:
            return NOT_OVERRIDABLE
        stay = execution.stays.get(name)
        if stay and self._newer_entered(execution, name):
            return NOT_LATEST
        # §4.6: what failed under an older definition does not go on.
        if stay is None or hook not in {stay.failed_hook, stay.pending} or self._outdated(execution):
            return NOT_OVERRIDABLE
        execution.overridden.add((name, hook))
        if hook == stay.pending:
            return self.condition_ends(execution, ("Succeeded",))
        execution.status = "InProgress"
        self._enter(execution, index)
        return None

    # §4.10

    def rollback(self, name: str, target: Execution) -> str | None:
        index, stage = self.stage(name)
        if self.mode == "PARALLEL" or index == 0 or self.occupant(index):
            return NO_ROLLBACK
        stay = target.stays.get(name)
        if target.target is not None or stay is None or stay.status != "Succeeded":
            return NO_ROLLBACK
        if not self._is_target(target, name):
            return OUTDATED
        self._arrive(self._new(stage.name), index)
        return None

    def _is_target(self, execution: Execution, name: str) -> bool:
        succeeded = name in execution.stays and execution.stays[name].status == "Succeeded"
        return succeeded and execution.target is None and execution.version == self.version

    # §4.11, §4.6

    def disable(self, name: str) -> None:
        self.disabled.add(name)

    def enable(self, name: str) -> None:
        self.disabled.discard(name)
        self._admit(self.stage(name)[0])

    def update(self) -> None:
        self.version += 1
        if self.cancels:
            for execution in self.executions:
                if execution.waits:
                    self._end(execution, "Cancelled")
