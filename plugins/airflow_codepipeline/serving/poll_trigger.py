"""The wait for changes of sources that are polled, in the triggerer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_codepipeline.dag.supervisor import in_thread, kept_variable, put_variable
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.errors import TransientError
from airflow_codepipeline.execution.polling import Look, Seen, after
from airflow_codepipeline.serving.live_definitions import LiveDefinitions
from airflow_codepipeline.serving.poll_records import ABOUT, News, from_text, to_text, variable_key
from airflow_codepipeline.serving.polled_sources import PolledSource, polled_sources

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

log = logging.getLogger(__name__)

TRIGGER = "airflow_codepipeline.serving.poll_trigger.PollTrigger"
MOST_CALLS = 16
"""How many sources are asked at once."""
LONGEST_CALL_SECONDS = 60.0
SILENT_LOOKS = 5
"""How many looks in a row must go unanswered before that is a problem to tell of."""


class PollTrigger(BaseTrigger):
    """Looks at every source once in each interval, until one has changed or cannot be read any more.

    The intervals are those of the clock, so that a trigger that begins anew does not look once more.

    :param folder: the definitions.
    :param seconds: the interval.
    """

    def __init__(self, *, folder: str, seconds: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.folder = folder
        self.seconds = seconds
        self._definitions = LiveDefinitions(Path(folder))
        self._sources: dict[str, PolledSource] = {}
        self._seen: dict[str, Seen] = {}
        self._silent: Counter[str] = Counter()

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what Airflow makes this trigger from again."""
        return TRIGGER, {"folder": self.folder, "seconds": self.seconds}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until there is something to do."""
        # A source that does not answer must not take the threads that other triggers wait for.
        threads = ThreadPoolExecutor(MOST_CALLS, thread_name_prefix="codepipeline-poll")
        try:
            news: list[News] = []
            while not news:
                await asyncio.sleep(self.seconds - time.time() % self.seconds)
                news = await self._round(threads)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
        yield TriggerEvent([to_json_value(item) for item in news])  # type: ignore[no-untyped-call]

    async def _round(self, threads: ThreadPoolExecutor) -> list[News]:
        """Look at every source once; keep what needs no worker, and return the rest."""
        if await asyncio.to_thread(self._definitions.look):
            self._sources = await asyncio.to_thread(polled_sources, self._definitions.pipelines)
        turns = asyncio.Semaphore(MOST_CALLS)
        sources = list(self._sources.values())
        looks = await asyncio.gather(*(self._look(source, threads, turns) for source in sources))
        found = [
            await self._judge(source, look)
            for source, look in zip(sources, looks, strict=True)
            if look is not None
        ]
        return [item for item in found if item is not None]

    async def _look(
        self, source: PolledSource, threads: ThreadPoolExecutor, turns: asyncio.Semaphore
    ) -> Look | None:
        """Ask a source; none where it does not answer for now."""
        async with turns:
            try:
                asked = in_thread(source.look, executor=threads)
                look = await asyncio.wait_for(asked, LONGEST_CALL_SECONDS)
            except (TransientError, TimeoutError) as error:
                return self._unanswered(source, error)
        del self._silent[source.key]
        return look

    def _unanswered(self, source: PolledSource, error: Exception) -> Look | None:
        reason = str(error) or f"no answer within {LONGEST_CALL_SECONDS:.0f} seconds"
        log.warning("%s did not answer: %s", source.name, reason)
        self._silent[source.key] += 1
        if self._silent[source.key] < SILENT_LOOKS:
            return None
        return Look(problem="SystemUnavailable", message=reason)

    async def _judge(self, source: PolledSource, look: Look) -> News | None:
        key = source.key
        before = self._seen.get(key) or from_text(key, await kept_variable(variable_key(key)))
        now = after(before, look, source=source.name, pipelines=tuple(source.actions))
        is_new = now.problem is not None and now.problem != (before.problem if before else None)
        if now.waiting or is_new:
            return News(key=key, seen=now, message=look.message if is_new else "")
        if now != before:
            log.info("%s has %s", source.name, now.revision)
            await put_variable(variable_key(key), to_text(now), description=ABOUT)
        self._seen[key] = now
        return None
