"""The log of a build: what its commands print and what CodeBuild says about them, to CloudWatch Logs."""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

_log = logging.getLogger(__name__)
_FLUSH_SECONDS = 1.0
_POLL_SECONDS = 0.2
_READ = 64 * 1024
# CloudWatch Logs API, PutLogEvents: 10,000 events, 1 MB, 26 bytes on top of each event.
_MOST_EVENTS = 5_000
_LONGEST_BATCH = 900_000
_LONGEST_LINE = 200_000
_HIDDEN = "***"
_SHORTEST_SECRET = 3


class BuildLog:
    """A stream of CloudWatch Logs that is written while the build runs.

    What the commands print and what `say` says go through the same pipe, so that they stay in order.

    :param logs: a client of CloudWatch Logs.
    """

    def __init__(self, *, logs: Any, group: str, stream: str) -> None:
        self._logs = logs
        self._place = {"logGroupName": group, "logStreamName": stream}
        self._secrets: tuple[str, ...] = ()
        self._events: list[dict[str, Any]] = []
        self._size = 0
        self._partial = b""
        self._flushed = time.monotonic()
        self._reading, self.output = os.pipe()
        self._finished = threading.Event()
        self._thread = threading.Thread(target=self._pump, daemon=True, name=f"log-{stream}")
        self._thread.start()

    def say(self, line: str) -> None:
        """Write a line of CodeBuild's own."""
        now = time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime())
        os.write(self.output, f"[Container] {now} {line}\n".encode())

    def hide(self, secrets: list[str]) -> None:
        """Show none of `secrets` from now on."""
        lines = {line for secret in secrets for line in secret.splitlines() if len(line) >= _SHORTEST_SECRET}
        # The longest first: a secret may be part of another.
        self._secrets = tuple(sorted(lines, key=len, reverse=True))

    def finish(self) -> None:
        """Write what is left and close."""
        self._finished.set()
        self._thread.join()
        os.close(self.output)
        os.close(self._reading)

    def _pump(self) -> None:
        self._make_stream()
        while True:
            ready, _, _ = select.select([self._reading], [], [], _POLL_SECONDS)
            if ready:
                self._take(os.read(self._reading, _READ))
            elif self._finished.is_set():
                break
            if time.monotonic() - self._flushed > _FLUSH_SECONDS:
                self._flush()
        self._take(b"\n" if self._partial else b"")
        self._flush()

    def _take(self, read: bytes) -> None:
        *lines, self._partial = (self._partial + read).split(b"\n")
        if len(self._partial) > _LONGEST_LINE:
            lines.append(self._partial)
            self._partial = b""
        for line in lines:
            self._add(line.decode(errors="replace").rstrip("\r"))

    def _add(self, line: str) -> None:
        for secret in self._secrets:
            line = line.replace(secret, _HIDDEN)
        # CloudWatch Logs takes no empty message.
        self._events.append({"timestamp": int(time.time() * 1000), "message": line or " "})
        self._size += len(line.encode()) + 26
        if len(self._events) >= _MOST_EVENTS or self._size >= _LONGEST_BATCH:
            self._flush()

    def _flush(self) -> None:
        self._flushed = time.monotonic()
        events, self._events, self._size = self._events, [], 0
        if not events:
            return
        try:
            self._logs.put_log_events(**self._place, logEvents=events)
        except (BotoCoreError, ClientError) as error:
            _log.warning("Lines of a build's log are lost: %s", error)

    def _make_stream(self) -> None:
        try:
            self._ensure(self._logs.create_log_group, logGroupName=self._place["logGroupName"])
            self._ensure(self._logs.create_log_stream, **self._place)
        except (BotoCoreError, ClientError) as error:
            _log.warning("A build's log cannot be made: %s", error)

    def _ensure(self, create: Any, **names: str) -> None:
        try:
            create(**names)
        except self._logs.exceptions.ResourceAlreadyExistsException:
            return
