from __future__ import annotations

from types import SimpleNamespace

import msgspec
import pytest

from airflow_codepipeline.actions.base import Job
from airflow_codepipeline.dag.attempt import new_attempt
from airflow_codepipeline.dag.job_ledger import JobLedger
from unit.dag.kit import Execution, web_shop

TASK = "Source.Code"


@pytest.fixture
def execution(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    return Execution(web_shop())


@pytest.fixture
def context(execution):
    return execution.context(TASK)


@pytest.fixture
def record(execution, context):
    return new_attempt(execution.declaration(TASK), context, generation=0, attempt=1)


def ledger_of(context):
    return JobLedger(context, context["task"].declaration)


def cleared(context, times=1):
    """The context of the same task after it was cleared: Airflow raises max_tries by what was used."""
    ti = SimpleNamespace(**vars(context["ti"]))
    ti.max_tries += times
    return {**context, "ti": ti}


def test_there_is_no_attempt_before_the_first(context):
    assert ledger_of(context).current() is None


def test_what_was_saved_is_found_by_the_next_try(context, record):
    started = msgspec.structs.replace(record, job=Job(external_execution_id="build:1", data={"a": "b"}))

    ledger_of(context).save(started)

    assert ledger_of(context).current() == started


def test_the_newest_attempt_counts(context, record):
    ledger = ledger_of(context)
    ledger.save(record)
    ledger.save(msgspec.structs.replace(record, attempt=2))

    assert ledger.current().attempt == 2


def test_an_attempt_from_before_the_task_was_cleared_does_not_count(context, record):
    ledger_of(context).save(record)

    again = ledger_of(cleared(context))

    assert again.generation == ledger_of(context).generation + 1
    assert again.current() is None


def test_what_is_stored_is_plain_json(context, record):
    ledger_of(context).save(record)

    [stored] = context["task_state_store"]._values.values()
    assert msgspec.json.decode(msgspec.json.encode(stored)) == stored


def test_an_attempt_that_another_follows_is_kept_under_a_key_of_its_own(context, record):
    failed = msgspec.structs.replace(record, failure="it failed")
    ledger = ledger_of(context)
    ledger.current()
    ledger.save(failed)
    again = ledger_of(cleared(context))
    again.current()

    again.save(msgspec.structs.replace(record, generation=again.generation))

    kept = context["task_state_store"].get("codepipeline_job.0.1")
    assert (kept["generation"], kept["attempt"], kept["failure"]) == (0, 1, "it failed")
    assert again.current().generation == again.generation


def test_an_attempt_that_goes_on_is_kept_once(context, record):
    ledger = ledger_of(context)
    ledger.save(record)
    ledger.save(msgspec.structs.replace(record, job=Job(external_execution_id="build:1")))

    assert list(context["task_state_store"]._values) == ["codepipeline_job"]


def test_why_nothing_could_begin_is_kept(context):
    ledger = ledger_of(context)
    ledger.refuse("shop/Build/A failed: the variable has no value")

    assert context["task_state_store"].get("codepipeline_refused") == {
        "generation": ledger.generation,
        "failure": "shop/Build/A failed: the variable has no value",
    }
