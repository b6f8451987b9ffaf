"""CodeBuild's memory: an SQLite database of documents."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import msgspec

from embedded_aws.codebuild.model import Project, Record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from embedded_aws.caller import Caller

_TABLES = """
CREATE TABLE IF NOT EXISTS projects (
    account TEXT, region TEXT, name TEXT, document BLOB NOT NULL, PRIMARY KEY (account, region, name));
CREATE TABLE IF NOT EXISTS builds (
    number INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, region TEXT NOT NULL, id TEXT NOT NULL,
    project TEXT NOT NULL, complete INTEGER NOT NULL, document BLOB NOT NULL, UNIQUE (account, region, id));
CREATE TABLE IF NOT EXISTS counters (
    account TEXT, region TEXT, project TEXT, last INTEGER NOT NULL, PRIMARY KEY (account, region, project));
CREATE TABLE IF NOT EXISTS tokens (
    account TEXT, region TEXT, token TEXT, digest TEXT NOT NULL, id TEXT NOT NULL, started REAL NOT NULL,
    PRIMARY KEY (account, region, token));
"""
_TOKEN_SECONDS = 300


class Store:
    """Projects, builds and idempotency tokens of every account and region. Safe to use from any thread.

    :param folder: holds the database.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._database = sqlite3.connect(folder / "codebuild.sqlite", check_same_thread=False)
        with self._lock:
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.executescript(_TABLES)

    @property
    def lock(self) -> threading.RLock:
        """Held by whoever must read and write without another between."""
        return self._lock

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    def project(self, caller: Caller, name: str) -> Project | None:
        """The project of that name."""
        where = "SELECT document FROM projects WHERE account = ? AND region = ? AND name = ?"
        rows = self._rows(where, (caller.account, caller.region, name))
        return msgspec.json.decode(rows[0][0], type=Project) if rows else None

    def projects(self, caller: Caller) -> list[Project]:
        """Every project of an account and region, by name."""
        where = "SELECT document FROM projects WHERE account = ? AND region = ? ORDER BY name"
        return [
            msgspec.json.decode(row[0], type=Project)
            for row in self._rows(where, (caller.account, caller.region))
        ]

    def put_project(self, caller: Caller, project: Project) -> None:
        """Write `project`."""
        values = (caller.account, caller.region, project.name, msgspec.json.encode(project))
        self._write("INSERT OR REPLACE INTO projects VALUES (?, ?, ?, ?)", values)

    def delete_project(self, caller: Caller, name: str) -> None:
        """Forget a project; its builds stay."""
        where = "DELETE FROM projects WHERE account = ? AND region = ? AND name = ?"
        self._write(where, (caller.account, caller.region, name))

    def next_number(self, caller: Caller, project: str) -> int:
        """The number of a project's next build, counted from 1."""
        count = (
            "INSERT INTO counters VALUES (?, ?, ?, 1) "
            "ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last"
        )
        with self._lock, self._database:
            (number,) = self._database.execute(count, (caller.account, caller.region, project)).fetchone()
        return int(number)

    def put_build(self, record: Record) -> None:
        """Write the state of a build."""
        build = record.build
        values = (record.account, record.region, build.id, build.project_name, build.build_complete,
                  msgspec.json.encode(record))  # fmt: skip
        statement = (
            "INSERT INTO builds (account, region, id, project, complete, document) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (account, region, id) "
            "DO UPDATE SET complete = excluded.complete, document = excluded.document"
        )
        self._write(statement, values)

    def build(self, caller: Caller, build_id: str) -> Record | None:
        """The build of that id."""
        where = "SELECT document FROM builds WHERE account = ? AND region = ? AND id = ?"
        rows = self._rows(where, (caller.account, caller.region, build_id))
        return msgspec.json.decode(rows[0][0], type=Record) if rows else None

    def build_ids(self, caller: Caller, project: str | None = None) -> list[str]:
        """The ids of the builds of an account and region, or of one project there, oldest first."""
        where = (
            "SELECT id FROM builds WHERE account = ? AND region = ? AND project = ifnull(?, project) "
            "ORDER BY number"
        )
        return [row[0] for row in self._rows(where, (caller.account, caller.region, project))]

    def incomplete(self) -> list[Record]:
        """The builds that have not ended, of every account, oldest first."""
        rows = self._rows("SELECT document FROM builds WHERE NOT complete ORDER BY number", ())
        return [msgspec.json.decode(row[0], type=Record) for row in rows]

    def delete_build(self, caller: Caller, build_id: str) -> None:
        """Forget a build."""
        where = "DELETE FROM builds WHERE account = ? AND region = ? AND id = ?"
        self._write(where, (caller.account, caller.region, build_id))

    def token(self, caller: Caller, token: str, now: float) -> tuple[str, str] | None:
        """The digest of the parameters and the build id that a token stood for in the last five minutes."""
        where = "SELECT digest, id FROM tokens WHERE account = ? AND region = ? AND token = ? AND started > ?"
        rows = self._rows(where, (caller.account, caller.region, token, now - _TOKEN_SECONDS))
        return (rows[0][0], rows[0][1]) if rows else None

    def put_token(self, caller: Caller, token: str, *, digest: str, build_id: str, now: float) -> None:
        """Remember what a token stands for, and forget those that have run out."""
        values = (caller.account, caller.region, token, digest, build_id, now)
        with self._lock, self._database:
            self._database.execute("DELETE FROM tokens WHERE started <= ?", (now - _TOKEN_SECONDS,))
            self._database.execute("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?, ?)", values)

    def _rows(self, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()

    def _write(self, statement: str, values: Sequence[object]) -> None:
        with self._lock, self._database:
            self._database.execute(statement, values)
