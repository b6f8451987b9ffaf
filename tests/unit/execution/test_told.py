"""What is told of executions, through random histories, by observers who look more or less often.

The histories are those of `test_against_codepipeline.py`: Airflow in memory, our code deciding. Whatever
an observer has seen, he tells what is legal, leaves nothing out, and tells the same as all others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from airflow_codepipeline.events.look import Look, with_marks
from airflow_codepipeline.events.progress import Progress, advance
from airflow_codepipeline.events.subject import ReportedStage, Subject
from airflow_codepipeline.execution.records import ROLLBACK
from airflow_codepipeline.execution.standing import action_status, stage_status
from airflow_codepipeline.execution.start import Trigger
from airflow_codepipeline.service import override, reporting, retry, stop
from airflow_codepipeline.service.subject import reported_action
from airflow_codepipeline.serving.execution_watch import stage_look
from execution import test_against_codepipeline
from execution.codepipeline_model import CodePipeline
from execution.machine_cases import cases
from execution.operations import LIMIT, Airflow
from execution.shapes import SHAPES, pipeline_of, shapes_of
from fixtures.legal_events import by_object, check_legal

if TYPE_CHECKING:
    from airflow_codepipeline.events.change import Change

ENDS = {
    "Succeeded": "SUCCEEDED",
    "Failed": "FAILED",
    "Stopped": "STOPPED",
    "Superseded": "SUPERSEDED",
    "Cancelled": "CANCELED",
    "Abandoned": "ABANDONED",
}


@dataclass
class Observer:
    """Who is told of one execution; what he knows is read back before every look, as after a crash."""

    subject: Subject
    progress: Progress = field(default_factory=Progress)
    changes: list[Change] = field(default_factory=list)

    def look(self, look: Look) -> None:
        self.progress = msgspec.json.decode(msgspec.json.encode(self.progress), type=Progress)
        self.changes += advance(self.progress, self.subject, look)


class Watched(Airflow):
    """An Airflow whose executions are observed: after every change, when it counts alone, at random."""

    random: Any

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.left: dict[str, list[Look]] = {}
        self.observers: dict[str, tuple[Observer, Observer, Observer]] = {}

    def install(self, monkeypatch) -> None:
        super().install(monkeypatch)
        replaced = {
            "wanted_sinks": lambda _: ("event_bus",),
            "load_again": lambda _, execution: self.snapshot(self.runs[execution.run.run_id]),
            "_left": lambda _, execution: list(self.left.get(execution.run.run_id, ())),
            "_leave": lambda _, execution, looks: self._take(execution.run.run_id, looks),
            "_outcomes": lambda _, __: (),
            "_cleared": lambda _: (),
            "_report": lambda *_: None,
        }
        for name, function in replaced.items():
            monkeypatch.setattr(reporting, name, function)
        monkeypatch.setattr(stop, "set_states", Watched.set_states)
        for module in (retry, override):
            monkeypatch.setattr(module, "run_again", Watched.run_again)

    def start(self, run_id, conf=None):
        run = super().start(run_id, conf)
        subject = self._subject(run)
        self.observers[run_id] = tuple(Observer(subject) for _ in range(3))
        self._attempt(run)
        return run

    def run_again(self, execution, stage, tasks):
        run = self.runs[execution.run.run_id]
        ended = run.state != "running"
        super().run_again(execution, stage, tasks)
        if ended:
            self._attempt(run)

    def set_states(self, execution, states):
        """Set states in one transaction: nobody sees half of it."""
        for task, state in states.items():
            super().end(self.runs[execution.run.run_id], task, state)

    def end(self, run, task, state):
        super().end(run, task, state)
        self._see(run)

    def _attempt(self, run) -> None:
        """Do what the listener does when a run begins."""
        reporting.leave_look(self, self.snapshot(run))

    def _take(self, run_id, looks) -> None:
        for look in looks[len(self.left.get(run_id, ())) :]:
            for observer in self.observers[run_id]:
                observer.look(look)
        self.left[run_id] = looks

    def _see(self, run) -> None:
        """Let those look who do so from time to time."""
        left = self.left.get(run.run_id)
        if not left or left[-1].ended:
            return
        attentive, _, drowsy = self.observers[run.run_id]
        for observer in (attentive, *([drowsy] if self.random.random() < 0.3 else [])):
            stages = tuple(stage_look(stage, run.tasks) for stage in observer.subject.stages)
            seen = Look(at=left[-1].at, attempt=left[-1].attempt, run="running", seen=True, stages=stages)
            observer.look(with_marks(seen, left[-1]))

    def _subject(self, run) -> Subject:
        only = (run.conf.get(ROLLBACK) or {}).get("stage")
        return Subject(
            dag_id=run.dag_id,
            run_id=run.run_id,
            home="Source.exit",
            attempt=1,
            pipeline="shop",
            execution_id=run.run_id,
            version=1,
            started="2026-03-01T12:00:00+00:00",
            trigger=Trigger(trigger_type="StartPipelineExecution"),
            stages=tuple(
                ReportedStage(name=stage.name, actions=tuple(map(reported_action, stage.actions)))
                for stage in self.pipeline.stages
                if only in {None, stage.name}
            ),
        )


class Told(test_against_codepipeline.Pipeline):
    """One pipeline of one mode, its executions, and who is told of them."""

    @initialize(data=st.data(), cancels=st.booleans(), random=st.randoms(use_true_random=False))
    def declare(self, data, cancels, random):
        shape = data.draw(st.sampled_from(shapes_of(self.mode)), label="shape")
        self.model = CodePipeline(self.mode, SHAPES[shape], cancels=cancels, limit=LIMIT)
        self.airflow = Watched(pipeline_of(SHAPES[shape], self.mode), cancels=cancels)
        self.airflow.random = random
        self.airflow.install(self.monkeypatch)
        self.model.version = 1

    @invariant()
    def what_is_told_is_legal(self):
        for observers in self.airflow.observers.values():
            for observer in observers:
                check_legal(observer.changes)

    @invariant()
    def all_are_told_the_same_in_the_end(self):
        for run_id, observers in self.airflow.observers.items():
            if self.airflow.runs[run_id].state == "running":
                continue
            attentive, blind, drowsy = (by_object(observer.changes) for observer in observers)
            assert attentive == blind == drowsy
            last = {key: states[-1] for key, states in blind.items()}
            # What was cleared, and did not run again, is told of as it was.
            assert self.expected(run_id).items() <= last.items()
            assert set(last.values()) <= set(ENDS.values())

    def expected(self, run_id):
        """Return how the execution stands, as its events end."""
        snapshot = self.airflow.snapshot(self.airflow.runs[run_id])
        found = {("pipeline", "", ""): ENDS[snapshot.status()]}
        told = {stage.name for stage in self.airflow.observers[run_id][0].subject.stages}
        for stage in snapshot.stages():
            status = stage_status(stage)
            if stage.name not in told or status in {None, "Skipped"}:
                continue
            found["stage", stage.name, ""] = ENDS[status]
            for action in stage.actions:
                ended = action_status(stage, action)
                if ended is not None:
                    found["action", stage.name, action] = ENDS[ended]
        return found


TestSuperseded, TestQueued, TestParallel = cases(Told, examples=60)
