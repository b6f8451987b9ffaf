"""The DAG that polls: there where it is wanted, and never in the way of the pipelines."""

from __future__ import annotations

import json
import shutil

import pytest
from airflow.sdk.definitions._internal.contextmanager import DagContext
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred
from airflow.serialization.serialized_objects import DagSerialization

from airflow_codepipeline.dag import snapshot
from airflow_codepipeline.dag.factory import load_pipelines
from airflow_codepipeline.dag.own_dags import STOPPER
from airflow_codepipeline.errors import CodePipelineError
from airflow_codepipeline.serving import polling
from airflow_codepipeline.serving.poll_trigger import PollTrigger
from airflow_codepipeline.serving.poller import build_poller
from airflow_codepipeline.serving.polling import Outcome
from unit.dag.kit import WEB_SHOP

POLLER, OPTION = "codepipeline.poller", "AIRFLOW__CODEPIPELINE__POLL_SECONDS"


@pytest.fixture
def project(tmp_path):
    pipelines = tmp_path / "include" / "pipelines"
    pipelines.mkdir(parents=True)
    shutil.copy(WEB_SHOP, pipelines)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "codepipelines.py").touch()
    return tmp_path


def load(project):
    namespace = {"__file__": str(project / "dags" / "codepipelines.py")}
    load_pipelines(namespace)
    return {key: value for key, value in namespace.items() if key != "__file__"}


@pytest.fixture
def task(project):
    return build_poller(POLLER, "30", project / "include" / "pipelines").task_dict["poll"]


def test_it_is_there_where_an_interval_is_set_and_only_there(project, monkeypatch):
    assert set(load(project)) == {"web-shop", STOPPER}

    monkeypatch.setenv(OPTION, "30")
    assert set(load(project)) == {"web-shop", POLLER, STOPPER}


def test_one_run_follows_the_other_and_each_begins_in_the_triggerer(project, task):
    stored = DagSerialization.from_dict(DagSerialization.to_dict(task.dag))

    assert stored.max_active_runs == 1
    assert type(stored.timetable).__name__ == "ContinuousTimetable"
    assert stored.get_task("poll").start_from_trigger
    trigger = PollTrigger(**task.start_trigger_args.trigger_kwargs)
    assert (trigger.folder, trigger.seconds) == (str(project / "include" / "pipelines"), 30.0)
    assert task.start_trigger_args.next_method == "noticed"


def test_where_airflow_cannot_begin_in_the_triggerer_a_worker_only_defers(task):
    with pytest.raises(TaskDeferred) as deferral:
        task.execute({})

    assert deferral.value.trigger.serialize() == PollTrigger(folder=task.folder, seconds=30.0).serialize()
    assert deferral.value.method_name == "noticed"


@pytest.mark.parametrize("interval", ["often", "0", "-5", "nan", "1e9"])
def test_an_interval_that_is_none_is_an_import_error_and_the_pipelines_stay(project, monkeypatch, interval):
    monkeypatch.setattr(DagContext, "autoregistered_dags", set())
    monkeypatch.setenv(OPTION, interval)

    assert set(load(project)) == {"web-shop", STOPPER}
    [(dag, _)] = DagContext.autoregistered_dags
    with pytest.raises(CodePipelineError, match=r"poll_seconds is .* a number of seconds from 1 to"):
        dag.get_serialized_fields()


def test_of_a_snapshot_the_definitions_that_people_edit_are_polled(project, tmp_path):
    kept = tmp_path / "kept"
    name = snapshot.take(project / "dags", kept)

    dag = build_poller(POLLER, "30", kept / name / "include" / "pipelines")

    assert dag.task_dict["poll"].folder == str(project / "include" / "pipelines")


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (Outcome(problems=["a"], waiting=["b"]), AirflowFailException),
        (Outcome(waiting=["b"]), AirflowException),
    ],
)
def test_what_could_not_be_done_fails_the_run_or_is_tried_again(task, monkeypatch, outcome, error):
    monkeypatch.setattr(polling, "carry_out", lambda *_: outcome)

    with pytest.raises(AirflowException) as raised:
        task.noticed({}, [])
    assert type(raised.value) is error


def test_what_was_done_ends_the_run(task, monkeypatch):
    given = []
    monkeypatch.setattr(
        polling, "carry_out", lambda folder, news: (given.append((folder, news)), Outcome())[1]
    )
    seen = {"source": "s3://b/k", "revision": "v2", "number": 1, "waiting": ["web"]}

    task.noticed({}, json.loads(json.dumps([{"key": "a", "seen": seen, "message": ""}])))

    [(folder, [news])] = given
    assert str(folder) == task.folder
    assert (news.key, news.seen.revision, news.seen.waiting) == ("a", "v2", ("web",))
