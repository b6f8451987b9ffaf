"""The outside world of the hammer: jobs, in a SQLite file that every process writes to.

It is a service with idempotency tokens, as CodeBuild is: the same token is the same job. It counts how
often it was asked, and for what.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "HAMMER_JOBS"
_TABLE = """
CREATE TABLE IF NOT EXISTS jobs (
    token TEXT PRIMARY KEY, pipeline TEXT, execution TEXT, stage TEXT, action TEXT,
    started REAL, ended REAL, fails INTEGER, told REAL
)"""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRow:
    """One job that ran, or runs; times in seconds since the epoch.

    :param told: when it was told to end, the last time; none: never.
    """

    token: str
    pipeline: str
    execution: str
    stage: str
    action: str
    started: float
    ended: float
    fails: bool
    told: float | None = None


class JobBook:
    """The jobs of one hammer."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def of_environment(cls) -> JobBook:
        """Return the book that the processes of this Airflow share."""
        return cls(Path(os.environ[VARIABLE]))

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=60)
        try:
            with connection:
                connection.execute(_TABLE)
                yield connection
        finally:
            connection.close()

    def start(self, row: JobRow) -> None:
        """Start a job; nothing happens where there is one with its token."""
        values = (row.token, row.pipeline, row.execution, row.stage, row.action)
        with self._open() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                (*values, row.started, row.ended, row.fails),
            )

    def stop(self, token: str) -> None:
        """End a job now, unless it has ended."""
        now = time.time()
        with self._open() as connection:
            connection.execute("UPDATE jobs SET told = ? WHERE token = ?", (now, token))
            connection.execute(
                "UPDATE jobs SET ended = ?, fails = 1 WHERE token = ? AND ended > ?", (now, token, now)
            )

    def outcome(self, token: str) -> bool | None:
        """Return whether a job succeeded, or none while it runs."""
        with self._open() as connection:
            ended, fails = connection.execute(
                "SELECT ended, fails FROM jobs WHERE token = ?", (token,)
            ).fetchone()
        return None if time.time() < ended else not fails

    def rows(self) -> list[JobRow]:
        """Return all jobs, in the order of their start."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT token, pipeline, execution, stage, action, started, ended, fails, told FROM jobs "
                "ORDER BY started"
            ).fetchall()
        names = ("token", "pipeline", "execution", "stage", "action", "started", "ended", "fails", "told")
        return [JobRow(**dict(zip(names, row, strict=True))) for row in rows]
