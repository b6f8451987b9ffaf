"""What a run of the stopper does with the job that it is about."""

from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_codepipeline.dag.left_job import LeftJob
from airflow_codepipeline.errors import ActionError, TransientError
from airflow_codepipeline.serving.stopper import CONF, StopJobOperator

PLACE = {"dag_id": "shop", "run_id": "r1", "task_id": "Build.exit", "key": "left.1"}


@pytest.fixture
def stop(monkeypatch):
    """Run the task; the places that it was told of a job at."""

    def run(*, conf=None, raises=None):
        asked = []

        def get_one(**place):
            asked.append(place)
            return {}

        def stop_job(job):
            if raises is not None:
                raise raises

        monkeypatch.setattr("airflow.sdk.execution_time.xcom.XCom.get_one", get_one)
        monkeypatch.setattr(LeftJob, "stop", stop_job)
        monkeypatch.setattr(LeftJob, "__str__", lambda job: "shop: Build/Compile: build:1")
        conf = {CONF: PLACE} if conf is None else conf
        StopJobOperator(task_id="stop").execute({"dag_run": SimpleNamespace(conf=conf)})
        return asked

    return run


def test_the_job_is_read_from_its_execution_and_stopped(stop):
    assert stop() == [PLACE | {"map_index": -1}]


def test_where_aws_does_not_answer_airflow_tries_again(stop):
    with pytest.raises(AirflowException, match=r"build:1 was not stopped: .*It is tried again") as raised:
        stop(raises=TransientError("Throttling", "Slow down"))

    assert not isinstance(raised.value, AirflowFailException)


def test_what_aws_refuses_fails_with_its_words(stop):
    with pytest.raises(AirflowFailException, match="build:1 was not stopped: AccessDenied: No"):
        stop(raises=ActionError("AccessDenied", "No"))


@pytest.mark.parametrize("conf", [{}, {CONF: {"attempt": {}}}, {CONF: msgspec.json.encode(PLACE).decode()}])
def test_a_run_that_somebody_started_by_hand_says_what_it_wants(stop, conf):
    with pytest.raises(AirflowFailException, match=r"No job is kept where the conf .* 'codepipeline.job'"):
        stop(conf=conf)
