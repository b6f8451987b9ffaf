"""Starting an execution from a task, at a supervisor that answers as Airflow 3.2 and 3.3 do."""

from __future__ import annotations

import pytest

from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.run_conf import run_id_of
from airflow_codepipeline.execution.start import Trigger
from airflow_codepipeline.serving.starting import NotStartedError, Started, start_from_task
from unit.dag.kit import web_shop
from unit.serving.supervised import Supervisor

TOKEN = "5f1d3a1e-0c55-4f3a-9d3e-9b0f8a6f2c11"
RULE = Trigger(trigger_type="CloudWatchEvent", trigger_detail="a rule")


def start(**arguments):
    return start_from_task(web_shop(), token=TOKEN, trigger=RULE, **arguments)


def test_the_run_carries_what_started_it_and_the_revision(supervised):
    supervisor = supervised(Supervisor())
    revision = {"actionName": "Code", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": "v2"}

    started = start(source_revisions=[revision])

    (run,) = supervisor.runs.values()
    assert started == Started(execution_id=run.run_id, anew=True)
    assert run.dag_id == "web-shop"
    assert run.conf == {
        "codepipeline.sourceRevisions": [revision],
        "codepipeline.trigger": {"triggerType": "CloudWatchEvent", "triggerDetail": "a rule"},
    }


def test_the_same_token_starts_once(supervised):
    supervisor = supervised(Supervisor())

    first, second = start(), start()

    assert (first.anew, second.anew) == (True, False)
    assert first.execution_id == second.execution_id == run_id_of("web-shop", TOKEN)
    assert len(supervisor.runs) == 1


def test_a_start_whose_answer_was_lost_is_a_start(supervised):
    supervised(Supervisor(lost=True))

    assert start().execution_id == run_id_of("web-shop", TOKEN)


def test_of_two_at_the_same_instant_one_is_a_microsecond_later(supervised):
    supervisor = supervised(Supervisor(busy=2))

    assert start().anew
    (run,) = supervisor.runs.values()
    assert (run.logical_date - supervisor.taken[-1]).microseconds == 1


def test_what_airflow_does_not_create_is_not_started(supervised):
    supervised(Supervisor(knows=False))

    with pytest.raises(NotStartedError, match=r"did not create the run .* of the DAG web-shop"):
        start()


def test_what_can_never_be_started_is_refused_before_airflow_is_asked(supervised):
    supervisor = supervised(Supervisor())

    with pytest.raises(Refusal, match="no variable 'colour'"):
        start(variables=[{"name": "colour", "value": "red"}])
    assert not supervisor.runs
