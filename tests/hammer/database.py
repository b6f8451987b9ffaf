"""A database of its own for each hammer, and for each Airflow of the tests."""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

SERVER = os.environ.get("CODEPIPELINE_TEST_POSTGRES", "postgres@127.0.0.1:5432")
KINDS = ("sqlite", "postgresql")


@contextmanager
def database(kind: str) -> Iterator[dict[str, str]]:
    """Yield the settings that make Airflow use it; drop it afterwards."""
    if kind not in KINDS:
        raise ValueError(f"A database of the kind {kind!r}: it is one of {', '.join(KINDS)}.")
    if kind == "sqlite":
        yield {}
        return
    name = f"hammer_{uuid.uuid4().hex[:12]}"
    _administer(f'CREATE DATABASE "{name}"')
    try:
        yield {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{SERVER}/{name}"}
    finally:
        _administer(f'DROP DATABASE "{name}" WITH (FORCE)')


def database_of_tests() -> AbstractContextManager[dict[str, str]]:
    """Return a database of the kind that CODEPIPELINE_TEST_DATABASE names; none: SQLite."""
    return database(os.environ.get("CODEPIPELINE_TEST_DATABASE", "sqlite"))


def is_there() -> bool:
    """Tell whether there is a PostgreSQL server."""
    import psycopg2

    try:
        psycopg2.connect(f"postgresql://{SERVER}/postgres", connect_timeout=5).close()
    except psycopg2.OperationalError:
        return False
    return True


def _administer(statement: str) -> None:
    import psycopg2

    connection = psycopg2.connect(f"postgresql://{SERVER}/postgres")
    connection.autocommit = True
    try:
        connection.cursor().execute(statement)
    finally:
        connection.close()
