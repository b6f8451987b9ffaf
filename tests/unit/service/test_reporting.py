"""The looks that are left, and the reporter's runs, in an Airflow database."""

from __future__ import annotations

import msgspec
import pytest

from airflow_codepipeline.events.subject import CONF, Subject
from airflow_codepipeline.service import reporting
from airflow_codepipeline.service.pipelines import find_pipeline
from airflow_codepipeline.service.snapshot import find_execution
from airflow_codepipeline.service.stop import stop_pipeline_execution
from airflow_codepipeline.serving.reporter import REPORTER, reporter_dag

from .conftest import shop, took

RULE = {
    "target": "arn:aws:sns:eu-west-1:123456789012:releases",
    "events": ["codepipeline-pipeline-pipeline-execution-failed"],
}


@pytest.fixture
def told(database):
    """The pipeline, with somebody who is told of its executions, and the reporter."""
    database.add_pipeline(shop(airflow={"notifications": [RULE]}))
    database.add_dag(reporter_dag(REPORTER, None, None))


def leave(database, execution):
    with database.session() as session:
        found = find_execution(session, find_pipeline(session, "shop"), execution.id)
        reporting.leave_look(session, found)
        return reporting._left(session, found)


def reporters(database):
    from airflow.models.dagrun import DagRun

    with database.session() as session:
        runs = session.query(DagRun).filter_by(dag_id=REPORTER).order_by(DagRun.id)
        return {
            run.run_id: (run.conf, {task.task_id: task.state for task in run.task_instances}) for run in runs
        }


def test_where_nobody_is_told_nothing_is_left(database, pipeline):
    assert leave(database, database.start("shop")) == []


def test_an_execution_that_begins_gets_a_reporter_once(database, told):
    execution = database.start("shop")
    leave(database, execution)
    looks = leave(database, execution)

    assert [(look.attempt, look.run) for look in looks] == [(1, "running"), (1, "running")]
    [(run_id, (conf, states))] = reporters(database).items()
    assert run_id == f"{execution.id}.1"
    assert states == {"event_bus": "skipped", "notifications": None, "commit_statuses": "skipped"}
    subject = msgspec.convert(conf[CONF], Subject)
    assert (subject.dag_id, subject.run_id, subject.home) == ("shop", execution.run_id, "Source.exit")
    assert [stage.name for stage in subject.stages] == ["Source", "Build", "Deploy"]
    assert subject.trigger.trigger_detail == "ada"


def test_every_attempt_has_a_reporter_of_its_own(database, told):
    execution = database.start("shop")
    leave(database, execution)
    execution.end("failed")
    leave(database, execution)
    execution.end("running")

    looks = leave(database, execution)

    assert [(look.attempt, look.ended) for look in looks] == [(1, False), (1, True), (2, False)]
    assert list(reporters(database)) == [f"{execution.id}.1", f"{execution.id}.2"]


def test_the_look_at_the_end_says_what_became_of_the_actions(database, told):
    execution = database.start("shop")
    leave(database, execution)
    took(execution)
    failure = {"failure": "shop/Build/Compile failed: JobFailed: exit 1", "externalExecutionId": "compile:1"}
    execution.set(Build__enter="success", Build__Compile="failed").push("Build.Compile", "failure", failure)
    execution.end("failed")

    last = leave(database, execution)[-1]

    assert last.outcomes["Source/Take"].artifacts[0].revision == "a1b2c3"
    failed = last.outcomes["Build/Compile"]
    assert (failed.summary, failed.error_code, failed.external_execution_id) == (
        "exit 1",
        "JobFailed",
        "compile:1",
    )


def test_an_execution_that_nobody_saw_begin_is_told_from_its_beginning(database, told):
    execution = database.start("shop").end("success")

    assert [look.run for look in leave(database, execution)] == ["running", "success"]


def test_a_stop_is_left_with_its_reason_and_forgotten_by_the_next_attempt(database, told):
    execution = database.start("shop").set(Source__enter="success", Source__Take="running")
    leave(database, execution)
    with database.session() as session:
        stop_pipeline_execution(
            session,
            "ada",
            pipeline_name="shop",
            pipeline_execution_id=execution.id,
            abandon=True,
            reason="wrong branch",
        )
        found = find_execution(session, find_pipeline(session, "shop"), execution.id)
        stopped = reporting._left(session, found)[-1]
    execution.end("failed")
    leave(database, execution)
    execution.end("running")
    again = leave(database, execution)[-1]

    source = stopped.stage("Source")
    assert (source.stopped, source.abandoned, stopped.reason) == (True, {"Take"}, "wrong branch")
    assert not again.stage("Source").stopped


def test_without_the_reporter_s_dag_it_is_said_that_nobody_is_told(database, caplog):
    database.add_pipeline(shop(airflow={"notifications": [RULE]}))

    leave(database, database.start("shop"))

    assert "has no DAG codepipeline.reporter yet" in caplog.text
