"""Notices the job documents that pass through the gateway, and remembers where they are."""

from __future__ import annotations

import re
import sqlite3
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from pathlib import Path

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_JOB_PATH = re.compile(rf"/(?P<bucket>[^/]+)/(?P<key>(?:.*/)?jobs/(?P<job>{_UUID})\.json)")
_TABLE = """
CREATE TABLE IF NOT EXISTS jobs (
    job TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL
)"""


@dataclass(frozen=True, kw_only=True)
class JobDocument:
    """Where the document of one job is: an object `…/jobs/<job id>.json`, put there to start the job."""

    job: str
    bucket: str
    key: str
    account: str
    region: str


def named_in(raw_path: str, *, account: str, region: str) -> JobDocument | None:
    """The job document a path-style S3 PUT writes, None for every other object and for parts of one."""
    path, _, query = raw_path.partition("?")
    match = _JOB_PATH.fullmatch(unquote(path))
    if match is None or any(part in query for part in ("uploadId", "tagging", "acl")):
        return None
    return JobDocument(**match.groupdict(), account=account, region=region)


class Notices:
    """The job documents seen so far; they survive a restart.

    :param folder: holds the database.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(folder / "jobs.sqlite", check_same_thread=False)
        with self._lock, self._database:
            self._database.execute(_TABLE)

    def remember(self, document: JobDocument) -> None:
        """Remember `document`; a job that is put again is where it was put last."""
        values = (document.job, document.bucket, document.key, document.account, document.region)
        with self._lock, self._database:
            self._database.execute("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?, ?)", values)

    def find(self, job: str) -> JobDocument | None:
        """Where the document of `job` is, None for a job nobody has seen."""
        with self._lock:
            row = self._database.execute("SELECT * FROM jobs WHERE job = ?", (job,)).fetchone()
        if row is None:
            return None
        return JobDocument(job=row[0], bucket=row[1], key=row[2], account=row[3], region=row[4])

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()
