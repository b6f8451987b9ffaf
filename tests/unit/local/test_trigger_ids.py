"""The ids of triggers in an Airflow's SQLite database, before and after it counts them."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest

from airflow_codepipeline.local.trigger_ids import never_use_an_id_twice


@pytest.fixture
def database(empty_database, tmp_path):
    """An Airflow's database, and its address."""
    path = tmp_path / "airflow.db"
    shutil.copy(empty_database, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection, f"sqlite:///{path}?timeout=60"


def begin_to_wait(connection) -> int:
    insert = (
        """INSERT INTO "trigger" (classpath, kwargs, created_date) VALUES ('a.Trigger', '{}', '2026-11-30')"""
    )
    return connection.execute(insert).lastrowid


def end(connection, trigger: int) -> None:
    connection.execute('DELETE FROM "trigger" WHERE id = ?', (trigger,))


def test_airflow_itself_gives_the_id_of_a_trigger_that_ended_to_the_next(database):
    connection, _ = database
    first = begin_to_wait(connection)
    end(connection, first)

    assert begin_to_wait(connection) == first


def test_no_trigger_has_the_id_of_one_that_ended(database):
    connection, url = database
    waiting = begin_to_wait(connection)
    never_use_an_id_twice(url)

    ended = begin_to_wait(connection)
    end(connection, ended)
    never_use_an_id_twice(url)

    assert begin_to_wait(connection) > ended > waiting


def test_what_waits_and_what_refers_to_it_stay(database):
    connection, url = database
    rows = [begin_to_wait(connection) for _ in range(3)]

    def references():
        return connection.execute("SELECT name, sql FROM sqlite_master WHERE name != 'trigger' "
                                  "AND sql LIKE '%REFERENCES%trigger%' ORDER BY name").fetchall()  # fmt: skip

    before = references()
    never_use_an_id_twice(url)

    assert [row[0] for row in connection.execute('SELECT id FROM "trigger" ORDER BY id')] == rows
    assert references() == before != []
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
