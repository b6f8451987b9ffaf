"""Questions to the supervisor, at a channel like Airflow 3.2's: answers come in the order of questions."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from airflow.sdk.execution_time import task_runner

from airflow_codepipeline.dag.supervisor import ask, in_thread


class OrderedChannel:
    """Takes the next answer for the answer to its question, as `TriggerCommsDecoder` of Airflow 3.2 does."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.answers: asyncio.Queue[str] = asyncio.Queue()
        self.asked: list[str] = []

    async def asend(self, message):
        async with self.lock:
            self.asked.append(message)
            answer = await self.answers.get()
        if answer == "refused":
            raise ValueError(message)
        return answer


@pytest.fixture
def channel(monkeypatch):
    made = OrderedChannel()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", made, raising=False)
    return made


async def test_who_is_cancelled_while_asking_does_not_leave_the_answer_to_the_next(channel):
    first = asyncio.ensure_future(ask("one"))
    while not channel.asked:
        await asyncio.sleep(0)

    first.cancel()
    await asyncio.wait([first])
    second = asyncio.ensure_future(ask("two"))
    for answer in ("to one", "to two"):
        channel.answers.put_nowait(answer)

    assert await second == "to two"
    assert first.cancelled()


async def test_a_refusal_reaches_who_asked(channel):
    channel.answers.put_nowait("refused")

    with pytest.raises(ValueError, match="one"):
        await ask("one")


async def test_a_refusal_that_nobody_waits_for_any_more_is_no_error(channel):
    asking = asyncio.ensure_future(ask("one"))
    while not channel.asked:
        await asyncio.sleep(0)

    asking.cancel()
    await asyncio.wait([asking])
    channel.answers.put_nowait("refused")
    channel.answers.put_nowait("to two")

    assert await ask("two") == "to two"


async def test_who_is_cancelled_while_a_thread_works_learns_why_and_the_work_goes_on():
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work():
        begun.set()
        may_end.wait()
        ended.set()

    waiting = asyncio.ensure_future(in_thread(work))
    await asyncio.to_thread(begun.wait)
    waiting.cancel("user-action")

    with pytest.raises(asyncio.CancelledError, match="user-action"):
        await waiting
    may_end.set()
    await asyncio.to_thread(ended.wait)


async def test_what_nobody_waits_for_any_more_before_a_thread_was_free_is_not_begun():
    begun, may_end, looks = threading.Event(), threading.Event(), []

    def work():
        begun.set()
        may_end.wait()

    with ThreadPoolExecutor(1) as threads:
        working = asyncio.ensure_future(in_thread(work, executor=threads))
        await asyncio.to_thread(begun.wait)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(in_thread(looks.append, "late", executor=threads), 0.01)
        may_end.set()
        await working
        await in_thread(looks.append, "next", executor=threads)

    assert looks == ["next"]
