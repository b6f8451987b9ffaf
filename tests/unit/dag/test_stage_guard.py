"""Whether an action may start: what the gate announced, and what Airflow says after a clear."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from airflow_codepipeline.dag.stage_desk import CLAIM_KEY
from airflow_codepipeline.dag.stage_guard import check_inside
from airflow_codepipeline.errors import ActionError

INSIDE = {"Build.enter": "success", "Build.exit": None}
LEFT = {"Build.enter": "success", "Build.exit": "success"}


class Task:
    """A task instance that answers from memory, and counts what it is asked."""

    dag_id, run_id = "shop", "one"

    def __init__(self, states, *, claim) -> None:
        self.states, self.claim, self.asked = states, claim, 0

    def xcom_pull(self, task_ids, key):
        assert (task_ids, key) == ("Build.enter", CLAIM_KEY)
        return self.claim

    def get_task_states(self, dag_id, task_ids, run_ids=None):
        self.asked += 1
        return {run: self.states[run] for run in run_ids or self.states}

    def get_ti_count(self, dag_id, task_ids, states):
        self.asked += 1
        return sum(tasks["Build.exit"] is None for tasks in self.states.values())


def claim(cleared: int):
    return {"order": ["2026-01-01", "one"], "entering": True, "waited": False, "cleared": cleared}


def check(task, *, cleared: int) -> None:
    stage = SimpleNamespace(name="Build")
    check_inside(SimpleNamespace(stage=stage), {"ti": task, "dag_run": SimpleNamespace(clear_number=cleared)})


def test_nothing_is_asked_where_the_run_was_not_cleared_since_it_entered():
    task = Task({"one": LEFT}, claim=claim(2))

    check(task, cleared=2)

    assert task.asked == 0


def test_without_a_gate_that_announces_there_is_nothing_to_guard():
    check(Task({"one": LEFT}, claim=None), cleared=3)


def test_a_clear_that_left_the_execution_inside_is_no_matter():
    check(Task({"one": INSIDE, "two": LEFT}, claim=claim(0)), cleared=1)


def test_others_that_only_wait_are_no_matter():
    check(
        Task({"one": INSIDE, "two": {"Build.enter": "deferred", "Build.exit": None}}, claim=claim(0)),
        cleared=1,
    )


def test_an_execution_that_has_left_is_told_to_enter_again():
    with pytest.raises(ActionError, match=r"this execution has left it.*Clear all tasks of the group Build"):
        check(Task({"one": LEFT}, claim=claim(0)), cleared=1)


def test_an_execution_whose_stage_another_holds_is_refused_by_its_id():
    with pytest.raises(ActionError, match=r"the execution [0-9a-f-]{36} is in it") as caught:
        check(Task({"one": INSIDE, "two": INSIDE}, claim=claim(0)), cleared=1)
    assert caught.value.code == "StageNotEntered"
