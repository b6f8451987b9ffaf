"""Which jobs an execution leaves behind, and the stopper's runs, in an Airflow database."""

from __future__ import annotations

import msgspec
import pytest

from airflow_codepipeline.actions.base import Job
from airflow_codepipeline.dag.job_ledger import KEY
from airflow_codepipeline.dag.left_job import LeftJob
from airflow_codepipeline.dag.own_dags import STOPPER
from airflow_codepipeline.dag.rule_attempt import RuleRecord
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.execution.conditions import RuleStatus
from airflow_codepipeline.service.left_jobs import have_left_jobs_stopped
from airflow_codepipeline.service.pipelines import find_pipeline
from airflow_codepipeline.service.rows import plain
from airflow_codepipeline.service.snapshot import find_execution
from airflow_codepipeline.serving.stopper import CONF, XComPlace, stopper_dag

from .conftest import attempt_id, keep, record, took

COMPILE, CHECK = "Build.Compile", "Build.Check"


@pytest.fixture
def stopper(database):
    database.add_dag(stopper_dag(STOPPER, None, None))


@pytest.fixture
def building(database, pipeline, stopper):
    """An execution in the stage Build."""
    return took(database.start("shop")).set(Build__enter="success")


def stopped(database, execution):
    """The jobs that the stopper is told of when the execution ends, by the ids of its runs."""
    from airflow.models.dagrun import DagRun

    with database.session() as session:
        have_left_jobs_stopped(session, find_execution(session, find_pipeline(session, "shop"), execution.id))
    with database.session() as session:
        runs = session.query(DagRun).filter_by(dag_id=STOPPER).order_by(DagRun.id)
        return {run.run_id: kept(session, msgspec.convert(run.conf[CONF], XComPlace)) for run in runs}


def kept(session, place):
    from airflow.models.xcom import XComModel

    [xcom] = session.query(XComModel).filter_by(**msgspec.structs.asdict(place))
    return msgspec.convert(plain(xcom.value), LeftJob)


def test_the_job_of_an_action_that_was_given_up_is_stopped(database, pipeline, building):
    keep(building, pipeline, COMPILE).set(Build__Compile="failed").end("failed")

    [(run_id, job)] = stopped(database, building).items()

    assert run_id == job.id == attempt_id(building, COMPILE)
    assert job.attempt.job.external_execution_id == "build:1"
    assert str(job) == "shop: Build/Compile: build:1"


def test_a_job_is_stopped_once_however_often_its_execution_ends(database, pipeline, building):
    keep(building, pipeline, COMPILE).set(Build__Compile="failed").end("failed")

    assert stopped(database, building).keys() == stopped(database, building).keys()


def test_the_job_of_an_action_that_was_marked_as_successful_is_stopped(database, pipeline, building):
    keep(building, pipeline, COMPILE).set(Build__Compile="success").end("success")

    assert stopped(database, building).keys() == {attempt_id(building, COMPILE)}


def test_a_job_that_succeeded_or_failed_by_itself_is_left_alone(database, pipeline, building):
    keep(building, pipeline, COMPILE).set(Build__Compile="success")
    building.push(COMPILE, "return_value", {"actionExecutionId": attempt_id(building, COMPILE)})
    keep(building, pipeline, CHECK, failure="JobFailed: no").set(Build__Check="failed").end("failed")

    assert stopped(database, building) == {}


def test_an_attempt_that_started_nothing_leaves_nothing(database, pipeline, building):
    keep(building, pipeline, COMPILE, job=None).set(Build__Compile="failed").end("failed")

    assert stopped(database, building) == {}


def test_the_job_of_a_task_that_was_cleared_while_nobody_was_at_it_is_stopped(database, pipeline, building):
    building.set(Build__Compile="up_for_retry").clear(COMPILE)
    building.keep(COMPILE, f"{KEY}.0.1", record(building, pipeline, COMPILE))
    keep(building, pipeline, COMPILE, generation=1).set(Build__Compile="success")
    newest = attempt_id(building, COMPILE, generation=1)
    building.push(COMPILE, "return_value", {"actionExecutionId": newest}).end("success")

    assert stopped(database, building).keys() == {attempt_id(building, COMPILE)}


def test_the_job_of_a_task_that_had_succeeded_before_it_was_cleared_is_left_alone(
    database, pipeline, building
):
    keep(building, pipeline, COMPILE).set(Build__Compile="success").clear(COMPILE)
    building.set(Build__Compile="upstream_failed").end("failed")

    assert stopped(database, building) == {}


def rule_record(execution, pipeline, **more):
    kept = RuleRecord(
        rule="IsRelease",
        provider="CodeBuild",
        on_failure=False,
        generation=0,
        rule_execution_id="7d1c2f0e-0000-4000-8000-000000000001",
        deadline="2026-03-01T13:00:00+00:00",
        **more,
    )
    return to_json_value(kept) | {"context": record(execution, pipeline, COMPILE)["context"]}


def test_the_jobs_of_rules_are_stopped_whose_condition_ended_without_a_decision(database, pipeline, building):
    job = Job(external_execution_id="build:rule")
    building.pass_stage("Build").set(Deploy__enter="success", Deploy__beforeEntry="failed").end("failed")
    building.keep("Deploy.beforeEntry", "codepipeline_rule_0", rule_record(building, pipeline, job=job))
    ended = rule_record(building, pipeline, job=job, status=RuleStatus.FAILED)
    building.keep("Deploy.beforeEntry", "codepipeline_rule_1", ended)

    [left] = stopped(database, building).values()

    assert left.rule.rule == "IsRelease"
    assert left.rule.job == job


def test_the_jobs_of_rules_are_left_alone_where_their_condition_was_decided(database, pipeline, building):
    job = Job(external_execution_id="build:rule")
    building.pass_stage("Build").set(Deploy__enter="success", Deploy__beforeEntry="success").end("failed")
    building.keep("Deploy.beforeEntry", "codepipeline_rule_0", rule_record(building, pipeline, job=job))
    building.push("Deploy.beforeEntry", "return_value", {"status": "Succeeded"})

    assert stopped(database, building) == {}


def test_without_a_stopper_it_is_logged_what_may_go_on(database, pipeline, caplog):
    execution = took(database.start("shop")).set(Build__enter="success")
    keep(execution, pipeline, COMPILE).set(Build__Compile="failed").end("failed")

    assert stopped(database, execution) == {}
    assert "shop: Build/Compile: build:1 may go on although its execution has ended" in caplog.text
    assert "has no DAG codepipeline.stopper yet" in caplog.text
