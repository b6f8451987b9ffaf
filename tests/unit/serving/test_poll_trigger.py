"""The wait for changes of polled sources, with an Airflow that keeps Variables in memory."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ErrorResponse, GetVariable, PutVariable, VariableResult

from airflow_codepipeline.errors import TransientError
from airflow_codepipeline.execution.polling import Look
from airflow_codepipeline.serving import poll_trigger as module
from airflow_codepipeline.serving.poll_trigger import SILENT_LOOKS, PollTrigger
from airflow_codepipeline.serving.polled_sources import PolledSource
from unit.dag.kit import WEB_SHOP

A, B = "codepipeline.polled.a", "codepipeline.polled.b"


class Variables:
    """Airflow's Variables, as a trigger reaches them."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.refuses = False

    async def asend(self, message):
        # A triggerer's channel returns errors; a worker's would raise them.
        if self.refuses:
            return ErrorResponse(error=ErrorType.GENERIC_ERROR)
        if isinstance(message, PutVariable):
            self.kept[message.key] = message.value
            return None
        assert isinstance(message, GetVariable)
        if message.key not in self.kept:
            return ErrorResponse(error=ErrorType.VARIABLE_NOT_FOUND)
        return VariableResult(key=message.key, value=self.kept[message.key])

    def __getitem__(self, key):
        return json.loads(self.kept[key])


class Source(PolledSource):
    """A source that has what a test says: one answer a look, the last one for ever."""

    def __init__(self, key, *answers) -> None:
        super().__init__(key=key, name=f"source {key}", actions={"web": ["Take"]})
        self.answers, self.looks = list(answers), 0

    def look(self):
        answer = self.answers[min(self.looks, len(self.answers) - 1)]
        self.looks += 1
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer


def has(revision):
    return Look(revision=revision)


@pytest.fixture
def variables(monkeypatch):
    made = Variables()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", made, raising=False)
    return made


@pytest.fixture
def poll(tmp_path, monkeypatch, variables):
    """Poll sources until there are news; the news."""
    folder = tmp_path / "include" / "pipelines"
    folder.mkdir(parents=True)
    shutil.copy(WEB_SHOP, folder)

    def until_news(*sources):
        monkeypatch.setattr(module, "polled_sources", lambda _: {source.key: source for source in sources})
        return asyncio.run(first(PollTrigger(folder=str(folder), seconds=0.01)))

    return until_news


async def first(trigger):
    async for event in trigger.run():
        return event.payload
    raise AssertionError("a trigger ends with an event")


def test_it_waits_until_a_source_changes_and_tells_what_is_to_be_kept_and_started(poll, variables):
    source = Source("a", has("one"), has("one"), has("two"))

    [news] = poll(source)

    assert news == {
        "key": "a",
        "message": "",
        "seen": {"source": "source a", "revision": "two", "number": 1, "waiting": ["web"]},
    }
    # A worker writes the change down: were it lost on the way there, the next look would find it.
    assert variables[A] == {"source": "source a", "revision": "one"}


def test_what_changed_while_nobody_looked_is_news(poll, variables):
    variables.kept[A] = json.dumps({"source": "source a", "revision": "one", "number": 7})

    [news] = poll(Source("a", has("two")))

    assert (news["seen"]["revision"], news["seen"]["number"]) == ("two", 8)


def test_starts_that_a_crash_has_left_are_news_though_nothing_changed(poll, variables):
    kept = {"source": "source a", "revision": "one", "number": 7, "waiting": ["web"]}
    variables.kept[A] = json.dumps(kept)

    [news] = poll(Source("a", has("one")))

    assert news["seen"] == kept


def test_a_problem_is_news_once_and_the_other_sources_are_looked_at_all_the_same(poll, variables):
    gone = Look(problem="AccessDenied", message="You may not.")
    [news] = poll(Source("a", gone), Source("b", has("one")))
    assert (news["key"], news["message"], news["seen"]["problem"]) == ("a", "You may not.", "AccessDenied")
    assert variables[B]["revision"] == "one"

    variables.kept[A] = json.dumps(news["seen"])
    [news] = poll(Source("a", gone), Source("b", has("one"), has("two")))
    assert news["key"] == "b"


def test_what_can_be_read_again_needs_no_worker(poll, variables):
    variables.kept[A] = json.dumps({"source": "source a", "revision": "one", "problem": "AccessDenied"})

    [news] = poll(Source("a", has("one")), Source("b", has("one"), has("one"), has("two")))

    assert news["key"] == "b"
    assert "problem" not in variables[A]


def test_what_does_not_answer_is_a_problem_only_when_it_goes_on(poll):
    silent = TransientError("SlowDown", "Later.")
    source = Source("a", *[silent] * (SILENT_LOOKS - 1), has("one"), *[silent] * SILENT_LOOKS)

    [news] = poll(source)

    assert source.looks == 2 * SILENT_LOOKS
    assert (news["seen"]["problem"], news["seen"]["revision"]) == ("SystemUnavailable", "one")
    assert "Later." in news["message"]


def test_a_source_that_hangs_does_not_stop_the_others(poll, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_CALL_SECONDS", 0.05)
    done = threading.Event()
    try:
        [news] = poll(Source("a", done.wait), Source("b", has("one"), has("two")))
    finally:
        done.set()

    assert news["key"] == "b"


def test_where_airflow_does_not_say_what_was_seen_nothing_is_taken_for_new(poll, variables):
    variables.kept[A] = json.dumps({"source": "source a", "revision": "one"})
    variables.refuses = True

    with pytest.raises(AirflowRuntimeError):
        poll(Source("a", has("two")))

    assert variables[A]["revision"] == "one"


@pytest.mark.parametrize("text", ["", "[]", '{"number": 1}'])
def test_a_variable_that_somebody_has_spoilt_counts_as_none(poll, variables, text):
    variables.kept[A] = text

    [news] = poll(Source("a", has("one"), has("two")))

    assert news["seen"]["number"] == 1


def test_no_more_than_so_many_sources_are_asked_at_once(poll, monkeypatch):
    monkeypatch.setattr(module, "MOST_CALLS", 3)
    asked, most, lock = [], [], threading.Lock()

    def answer():
        with lock:
            asked.append(1)
            most.append(len(asked))
        time.sleep(0.01)
        with lock:
            asked.pop()
        return has("one")

    poll(*(Source(str(number), answer) for number in range(20)), Source("z", has("one"), has("two")))

    assert max(most) <= 3


def test_looks_keep_to_the_clock_so_that_a_new_trigger_adds_none(monkeypatch, tmp_path):
    slept = []

    async def sleep(seconds):
        slept.append(seconds)
        raise asyncio.CancelledError

    monkeypatch.setattr(module, "asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: 1000.0))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(first(PollTrigger(folder=str(tmp_path), seconds=30)))

    assert slept == [20.0]


def test_it_is_made_again_from_what_it_serializes():
    trigger = PollTrigger(folder="/f", seconds=30)

    path, arguments = trigger.serialize()

    assert path == f"{PollTrigger.__module__}.{PollTrigger.__qualname__}"
    assert PollTrigger(**arguments).serialize() == (path, arguments)
