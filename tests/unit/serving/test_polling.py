"""What a worker does with what polling found, at a supervisor that may end it at any moment."""

from __future__ import annotations

import json

import msgspec
import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import (
    DRCount,
    ErrorResponse,
    GetDRCount,
    OKResponse,
    PutVariable,
    TriggerDagRun,
)

from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.execution.polling import Look, Seen, after
from airflow_codepipeline.serving.poll_records import News
from airflow_codepipeline.serving.polled_sources import polled_sources
from airflow_codepipeline.serving.polling import carry_out
from unit.dag.kit import WEB_SHOP

NAMES = ("one", "three", "two")


class Killed(BaseException):
    """The worker is no more."""


class Airflow:
    """Runs and Variables in memory.

    :param lives: how many messages are answered before the worker is killed.
    :param heard: whether the message in which it is killed has still arrived.
    """

    def __init__(self, lives: int | None = None, *, heard: bool = False) -> None:
        self.runs: dict[str, TriggerDagRun] = {}
        self.variables: dict[str, str] = {}
        self.lives = lives
        self.heard = heard
        self.unknown: set[str] = set()

    def send(self, message):
        if self.lives is not None:
            self.lives -= 1
            if self.lives < 0:
                if self.heard:
                    self.answer(message)
                raise Killed
        return self.answer(message)

    def answer(self, message):
        if isinstance(message, PutVariable):
            self.variables[message.key] = message.value
            return OKResponse(ok=True)
        if isinstance(message, GetDRCount):
            return DRCount(count=len(self.runs.keys() & (message.run_ids or ())))
        assert isinstance(message, TriggerDagRun)
        if message.dag_id in self.unknown:
            raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR))
        if message.run_id in self.runs:
            return ErrorResponse(error=ErrorType.DAGRUN_ALREADY_EXISTS)
        self.runs[message.run_id] = message
        return OKResponse(ok=True)

    def started(self):
        return sorted(run.dag_id for run in self.runs.values())

    def kept(self):
        [text] = self.variables.values()
        return json.loads(text)


@pytest.fixture
def airflow(monkeypatch):
    made = Airflow()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", made, raising=False)
    return made


@pytest.fixture
def folder(tmp_path):
    for name in NAMES:
        text = WEB_SHOP.read_text().replace('"web-shop"', f'"{name}"')
        declaration = json.loads(text)
        declaration["pipeline"]["airflow"]["region"] = "eu-west-1"
        take = declaration["pipeline"]["stages"][0]["actions"][0]
        take["actionTypeId"] = {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"}
        take["configuration"] = {"S3Bucket": "b", "S3ObjectKey": "k"}
        (tmp_path / f"{name}.json").write_text(json.dumps(declaration))
    return tmp_path


@pytest.fixture
def source(folder):
    [found] = polled_sources(read_pipeline(folder / f"{name}.json") for name in NAMES).values()
    return found


def change(source, revision="v2", seen=None):
    """What the trigger tells when a source has that version."""
    seen = seen or Seen(source=source.name, revision="v1")
    now = after(seen, Look(revision=revision), source=source.name, pipelines=tuple(source.actions))
    return News(key=source.key, seen=now)


def test_each_pipeline_is_started_once_with_the_revision_and_the_trigger(airflow, folder, source):
    outcome = carry_out(folder, [change(source)])

    assert not outcome.problems
    assert airflow.started() == sorted(NAMES)
    for run in airflow.runs.values():
        assert run.logical_date is not None
        assert run.conf == {
            "codepipeline.sourceRevisions": [
                {
                    "actionName": "Code",
                    "revisionType": "S3_OBJECT_VERSION_ID",
                    "revisionValue": "v2",
                }
            ],
            "codepipeline.trigger": {
                "triggerType": "PollForSourceChanges",
                "triggerDetail": "s3://b/k",
            },
        }
    assert airflow.kept() == {"source": "s3://b/k", "revision": "v2", "number": 1}


@pytest.mark.parametrize("heard", [False, True])
@pytest.mark.parametrize("lives", range(5))
def test_wherever_the_worker_is_killed_every_pipeline_is_started_once(airflow, folder, source, lives, heard):
    airflow.lives, airflow.heard = lives, heard
    with pytest.raises(Killed):
        carry_out(folder, [change(source)])
    airflow.lives = None

    # The next trigger goes by what is kept.
    text = next(iter(airflow.variables.values()), None)
    kept = msgspec.json.decode(text, type=Seen) if text else None
    again = change(source, seen=kept)
    if again.seen.waiting:
        carry_out(folder, [again])

    assert airflow.started() == sorted(NAMES)
    assert "waiting" not in airflow.kept()


def test_a_revision_that_comes_back_starts_again(airflow, folder, source):
    first = change(source)
    carry_out(folder, [first])
    carry_out(folder, [change(source, "v1", first.seen)])

    assert airflow.started() == sorted(NAMES * 2)


def test_a_pipeline_that_airflow_does_not_know_yet_waits_and_the_others_start(airflow, folder, source):
    airflow.unknown = {"three"}

    outcome = carry_out(folder, [change(source)])

    assert airflow.started() == ["one", "two"]
    assert airflow.kept()["waiting"] == ["three"]
    assert not outcome.problems
    assert "three waits to be started with v2 of s3://b/k" in outcome.waiting[0]


def test_a_pipeline_that_is_gone_or_takes_another_source_now_is_not_started(airflow, folder, source):
    (folder / "three.json").unlink()
    text = (folder / "two.json").read_text()
    (folder / "two.json").write_text(text.replace('"S3ObjectKey": "k"', '"S3ObjectKey": "other"'))

    outcome = carry_out(folder, [change(source)])

    assert airflow.started() == ["one"]
    assert "waiting" not in airflow.kept()
    assert (outcome.problems, outcome.waiting) == ([], [])


def test_a_pipeline_that_can_never_be_started_so_is_a_problem_and_waits_no_more(airflow, folder, source):
    declaration = json.loads((folder / "two.json").read_text())
    del declaration["pipeline"]["variables"][0]["defaultValue"]
    (folder / "two.json").write_text(json.dumps(declaration))

    outcome = carry_out(folder, [change(source)])

    assert airflow.started() == ["one", "three"]
    assert "waiting" not in airflow.kept()
    assert "two was not started with v2 of s3://b/k" in outcome.problems[0]
    assert "Environment" in outcome.problems[0]


def test_a_source_that_cannot_be_read_is_a_problem_with_its_reason(airflow, folder, source):
    seen = Seen(source=source.name, revision="v1", problem="403")

    outcome = carry_out(folder, [News(key=source.key, seen=seen, message="You may not.")])

    assert outcome.problems == ["s3://b/k cannot be read: You may not."]
    assert airflow.kept()["problem"] == "403"
    assert airflow.runs == {}


def test_actions_of_one_pipeline_that_take_the_same_source_get_it_in_one_execution(airflow, folder):
    path = folder / "one.json"
    declaration = json.loads(path.read_text())
    actions = declaration["pipeline"]["stages"][0]["actions"]
    actions[1] = actions[0] | {"name": "Again", "outputArtifacts": actions[1]["outputArtifacts"]}
    actions[1].pop("namespace", None)
    path.write_text(json.dumps(declaration))
    [source] = polled_sources([read_pipeline(path, check=False)]).values()

    carry_out(folder, [change(source)])

    [run] = airflow.runs.values()
    assert [given["actionName"] for given in run.conf["codepipeline.sourceRevisions"]] == ["Code", "Again"]
