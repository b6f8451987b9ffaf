from __future__ import annotations

from dataclasses import fields

import pytest

from airflow_codepipeline.definition.model import Action, ActionTypeId, Pipeline, Stage
from airflow_codepipeline.execution.records import CANCELLED, DEFINITION, Cancellation
from airflow_codepipeline.service import updates
from airflow_codepipeline.service.pipelines import DeclaredPipeline
from airflow_codepipeline.service.rows import RunRow, TaskRow
from airflow_codepipeline.service.snapshot import ExecutionSnapshot

DONE = dict.fromkeys(("Source.enter", "Source.exit", "Build.enter", "Build.exit"), "success")


@pytest.fixture
def marked(monkeypatch):
    left = []
    monkeypatch.setattr(updates, "leave_mark", lambda session, execution, *mark: left.append(mark))
    return left


def row(kind, **values):
    """A row of which nothing else is known."""
    return kind(**{column.name: None for column in fields(kind)} | values)


def execution(*, began_with="old", now="new", state="success", bundle=None, tasks=DONE):
    action = Action(name="A", action_type_id=ActionTypeId(category="Test", owner="AWS", provider="CodeBuild"))
    stages = tuple(Stage(name=name, actions=(action,)) for name in ("Source", "Build"))
    run = row(RunRow, run_id="one", state=state, conf={}, bundle_version=bundle)
    return ExecutionSnapshot(
        pipeline=DeclaredPipeline(
            dag_id="shop", declaration=Pipeline(name="shop", stages=stages), definition=now, version=2
        ),
        run=run,
        tasks={task: row(TaskRow, id=task, state=its) for task, its in tasks.items()},
        marks={("Source.exit", DEFINITION): began_with} if began_with else {},
    )


def test_an_execution_that_ended_well_with_another_definition_than_now_is_cancelled_in_its_last_stage(marked):
    assert updates.cancel_if_updated(None, execution())

    reason = (
        "The definition of shop changed while this execution was in Build. It began with old, this is new."
    )
    assert marked == [("Build", CANCELLED, Cancellation(reason=reason))]


@pytest.mark.parametrize(
    "other",
    [
        {"now": "old"},
        {"bundle": "1f"},
        {"state": "failed"},
        {"state": "running"},
        {"began_with": None},
        {"tasks": {"Source.enter": "skipped"}},
    ],
    ids=["the same definition", "kept", "failed", "in progress", "never begun", "never entered"],
)
def test_any_other_execution_is_left_alone(marked, other):
    assert not updates.cancel_if_updated(None, execution(**other))
    assert marked == []
