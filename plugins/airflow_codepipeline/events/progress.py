"""From looks at an execution to the changes of state between them: each once, in order, none left out.

What began and ended between two looks gives both changes. What was cleared, and runs again, is told anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from airflow_codepipeline.events.change import (
    ABANDONED,
    CANCELED,
    FAILED,
    OPEN,
    RESUMED,
    STARTED,
    STOPPED,
    STOPPING,
    SUCCEEDED,
    SUPERSEDED,
    Change,
)
from airflow_codepipeline.execution.standing import action_status, execution_status, stage_status
from airflow_codepipeline.execution.status import (
    UNDER_WAY,
    ActionExecutionStatus,
    PipelineExecutionStatus,
    StageExecutionStatus,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from airflow_codepipeline.events.look import Look
    from airflow_codepipeline.events.subject import ReportedAction, ReportedStage, Subject
    from airflow_codepipeline.execution.standing import StageTasks

CLEARED = ""
"""The state of what has been told of and was cleared since: it begins again."""
_BEGUN = frozenset(UNDER_WAY) - {"queued"}
"""The states of a task whose action has begun: one in the queue may still be stopped before it does."""
_ASKING = frozenset({"awaiting_input", "deferred"})
"""The states of an approval that waits for its answer: Airflow 3.3's own, and the one before 3.3."""
_PIPELINE_ENDS = {
    PipelineExecutionStatus.SUCCEEDED: SUCCEEDED,
    PipelineExecutionStatus.FAILED: FAILED,
    PipelineExecutionStatus.STOPPED: STOPPED,
    PipelineExecutionStatus.SUPERSEDED: SUPERSEDED,
    PipelineExecutionStatus.CANCELLED: CANCELED,
}
_STAGE_ENDS = {
    StageExecutionStatus.SUCCEEDED: SUCCEEDED,
    StageExecutionStatus.FAILED: FAILED,
    StageExecutionStatus.STOPPED: STOPPED,
    StageExecutionStatus.CANCELLED: CANCELED,
}
_ACTION_ENDS = {
    ActionExecutionStatus.SUCCEEDED: SUCCEEDED,
    ActionExecutionStatus.FAILED: FAILED,
    ActionExecutionStatus.ABANDONED: ABANDONED,
}


class StageProgress(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What has been told of a stage.

    :param state: the last one that was told; none where nothing was.
    :param actions: of its actions.
    :param asked: the approvals in it that are known to wait.
    :param retried: when it was resumed last.
    """

    state: str | None = None
    actions: dict[str, str] = {}
    asked: list[str] = []
    retried: str | None = None


class Progress(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What has been told of an execution.

    :param attempt: the attempt of the last look.
    """

    attempt: int = 0
    state: str | None = None
    retried: str | None = None
    stages: dict[str, StageProgress] = {}

    def failed(self) -> Iterator[tuple[str, str]]:
        """Yield the stage and the name of every action that has failed."""
        for name, stage in self.stages.items():
            yield from ((name, action) for action, state in stage.actions.items() if state == FAILED)


def advance(progress: Progress, subject: Subject, look: Look) -> list[Change]:
    """Return what a look has to tell, and take it as told."""
    teller = _Teller(progress, look)
    teller.begin()
    for stage in subject.stages:
        told = progress.stages.setdefault(stage.name, StageProgress())
        _StageTeller(teller, told, stage, look.stage(stage.name)).tell()
    teller.end()
    progress.attempt = look.attempt
    return teller.changes


def newly_ended(
    progress: Progress, subject: Subject, look: Look
) -> Iterator[tuple[str, ReportedAction, ActionExecutionStatus]]:
    """Yield the actions whose end a look has to tell, with their stage and how they ended."""
    for name, action in subject.actions():
        status = action_status(look.stage(name), action.name)
        told = progress.stages[name].actions.get(action.name) if name in progress.stages else None
        if status in _ACTION_ENDS and told != _ACTION_ENDS[status]:
            yield name, action, status


class _Teller:
    """One look, as it is told."""

    def __init__(self, progress: Progress, look: Look) -> None:
        self.progress = progress
        self.look = look
        self.changes: list[Change] = []

    def begin(self) -> None:
        """Tell that the execution has begun, or begins again."""
        progress = self.progress
        if progress.state is None:
            self.pipeline(STARTED)
        elif progress.state not in OPEN and self.look.attempt > progress.attempt:
            progress.retried = self.look.at
            self.pipeline(RESUMED)

    def end(self) -> None:
        """Tell that the execution is stopped, and that it has ended."""
        stages = [stage.tasks() for stage in self.look.stages]
        if any(stage.stopped for stage in stages):
            self.stopping()
        if not self.look.ended:
            return
        for name, told in self.progress.stages.items():
            if told.state in OPEN:
                self.close_actions(name, told)
                self.stage(name, told, CANCELED)
        if self.progress.state in OPEN:
            self.pipeline(_PIPELINE_ENDS[execution_status(self.look.run, stages)])

    def stopping(self) -> None:
        """Tell that the execution is being stopped, once."""
        if self.progress.state in {STARTED, RESUMED}:
            self.pipeline(STOPPING, reason=self.look.reason)

    def close_actions(self, name: str, told: StageProgress) -> None:
        """Tell that whatever has begun in a stage goes on no more: somebody marked its task otherwise."""
        for action, state in told.actions.items():
            if state == STARTED:
                self.action(name, told, action, CANCELED)

    def pipeline(self, state: str, reason: str | None = None) -> None:
        """Tell a state of the execution."""
        self.progress.state = state
        self._add("pipeline", state, retried=self.progress.retried, reason=reason)

    def stage(self, name: str, told: StageProgress, state: str) -> None:
        """Tell a state of a stage."""
        told.state = state
        self._add("stage", state, stage=name, retried=told.retried)

    def action(self, name: str, told: StageProgress, action: str, state: str) -> None:
        """Tell a state of an action."""
        told.actions[action] = state
        if state == STARTED and action in told.asked:
            told.asked.remove(action)
        self._add("action", state, stage=name, action=action)

    def asks(self, name: str, told: StageProgress, action: str) -> None:
        """Tell that an approval waits for its answer."""
        told.asked.append(action)
        self._add("action", STARTED, stage=name, action=action, asked=True)

    def _add(self, level: Any, state: str, **more: Any) -> None:
        look = self.look
        self.changes.append(Change(level=level, state=state, at=look.at, attempt=look.attempt, **more))


class _StageTeller:
    """One stage of a look, as it is told."""

    def __init__(self, teller: _Teller, told: StageProgress, stage: ReportedStage, tasks: StageTasks) -> None:
        self.teller = teller
        self.told = told
        self.stage = stage
        self.tasks = tasks
        status = stage_status(tasks)
        self.begun = self._has_begun(status)
        self.end = _STAGE_ENDS.get(status) if status else None
        if teller.look.seen and self.end != SUCCEEDED:
            self.end = None

    def tell(self) -> None:
        """Tell what is new of the stage and its actions."""
        self._forget_cleared()
        if not self.begun:
            return
        if self.told.state not in OPEN:
            if not self._begins():
                return
            if self.told.state is not None:
                self.told.retried = self.teller.look.at
            self._tell(STARTED if self.told.state is None else RESUMED)
        self._actions()
        if self.tasks.stopped and self.end != SUCCEEDED:
            self._stopping()
        self._abandoned()
        if self.end is not None:
            self.teller.close_actions(self.stage.name, self.told)
            self._tell(self.end)

    def _has_begun(self, status: StageExecutionStatus | None) -> bool:
        """Tell whether the stage has begun: behind an entry condition only with its first action."""
        if status in {None, StageExecutionStatus.SKIPPED}:
            return False
        if "beforeEntry" not in self.tasks.hooks:
            return True
        failed = status in _STAGE_ENDS and status is not StageExecutionStatus.SUCCEEDED
        return any(map(self._has_run, self.stage.actions)) or (failed and not self.teller.look.seen)

    def _has_run(self, action: ReportedAction) -> bool:
        state = self.tasks.actions.get(action.name)
        return state in _BEGUN or action_status(self.tasks, action.name) in _ACTION_ENDS

    def _forget_cleared(self) -> None:
        told, status = self.told, stage_status(self.tasks)
        goes_on = status in {None, StageExecutionStatus.IN_PROGRESS, StageExecutionStatus.STOPPING}
        if told.state not in {None, *OPEN} and goes_on:
            told.state = CLEARED
        for action, state in told.actions.items():
            if state != STARTED and action_status(self.tasks, action) is None:
                told.actions[action] = CLEARED

    def _begins(self) -> bool:
        """Tell whether what has not begun, or has ended, is another one than was told of."""
        return self.told.state in {None, CLEARED} or self.end not in {None, self.told.state}

    def _actions(self) -> None:
        for order in sorted({action.run_order for action in self.stage.actions}):
            group = [action for action in self.stage.actions if action.run_order == order]
            for action in group:
                self._action_starts(action)
            for action in group:
                self._action_ends(action)

    def _action_starts(self, action: ReportedAction) -> None:
        told, status = self.told.actions.get(action.name, CLEARED), action_status(self.tasks, action.name)
        if self._has_run(action) and told not in {STARTED, _ACTION_ENDS.get(status) if status else None}:
            self.teller.action(self.stage.name, self.told, action.name, STARTED)
        waits = self.tasks.actions.get(action.name) in _ASKING
        if action.type.category == "Approval" and waits and action.name not in self.told.asked:
            self.teller.asks(self.stage.name, self.told, action.name)

    def _action_ends(self, action: ReportedAction, *, abandoned: bool = False) -> None:
        status = action_status(self.tasks, action.name)
        end = _ACTION_ENDS.get(status) if status else None
        if end is None or (end == ABANDONED) is not abandoned or self.told.actions.get(action.name) == end:
            return
        self.teller.action(self.stage.name, self.told, action.name, end)

    def _abandoned(self) -> None:
        for action in self.stage.actions:
            self._action_ends(action, abandoned=True)

    def _stopping(self) -> None:
        self.teller.stopping()
        if self.told.state in {STARTED, RESUMED}:
            self._tell(STOPPING)

    def _tell(self, state: str) -> None:
        self.teller.stage(self.stage.name, self.told, state)
