"""An approval of a local execution: the person at the terminal decides."""

from __future__ import annotations

import threading

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_codepipeline.definition.extension import ActionExtension, Approvers
from airflow_codepipeline.definition.model import Action, ActionTypeId
from airflow_codepipeline.local.task_context import LocalDagRun, XComs, task_context
from airflow_codepipeline.local.task_runner import TaskRunner
from fixtures.fake_service import pipeline_of


@pytest.fixture
def approval():
    """An approval that is two other people's matter, and its task's context."""
    from airflow_codepipeline.dag.factory import build_dag

    action = Action(
        name="Release",
        action_type_id=ActionTypeId(category="Approval", provider="Manual"),
        airflow=ActionExtension(
            approvers=Approvers(users=("ada", "grace"), required=2, exclude_starter=True)
        ),
    )
    pipeline = pipeline_of([action])
    dag = build_dag(pipeline)
    (task,) = [task for task in dag.tasks if task.task_id.endswith(".Release")]
    run = LocalDagRun(dag_id=dag.dag_id, run_id="5b0e0b4e-0000-4000-8000-000000000000")
    return task, task_context(run, task, XComs(), {})


def test_who_sits_there_decides_whoever_else_may_in_airflow(approval):
    asked = []

    def approve(subject: str, body: str, _stopped: threading.Event) -> tuple[bool, str]:
        asked.append((subject, body))
        return True, "yes"

    assert TaskRunner(approve).run(*approval)["summary"] == "Approved by local: yes"
    assert asked == [("Approve Release of shop", "")]


def test_a_rejection_fails_the_action(approval):
    with pytest.raises(AirflowFailException, match="was rejected by local: no"):
        TaskRunner(lambda *_: (False, "no")).run(*approval)


def test_who_is_asked_is_told_that_the_execution_was_interrupted(approval):
    asked = threading.Event()

    def wait(_subject: str, _body: str, stopped: threading.Event) -> tuple[bool, str]:
        asked.set()
        return not stopped.wait(60), "interrupted"

    runner = TaskRunner(wait)
    stopper = threading.Thread(target=lambda: asked.wait(60) and runner.stop())
    stopper.start()

    with pytest.raises(AirflowFailException, match="was rejected by local: interrupted"):
        runner.run(*approval)
    stopper.join()
