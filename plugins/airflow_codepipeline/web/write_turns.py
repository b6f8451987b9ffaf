"""Lets requests that write into Airflow's API server one after the other where its database is SQLite.

SQLite has one writer at a time. Airflow's routes write, and need the server's event loop before they commit;
its log of user actions writes on that loop. Where two such requests meet, one waits for the other's lock and
keeps it from being given back: the server stands still for all, workers included, until SQLite's timeout.
In a server of one process, which is all that SQLite is good for, turns keep them from meeting.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def are_needed() -> bool:
    """Tell whether Airflow's database is SQLite."""
    from airflow.configuration import conf

    return str(conf.get("database", "sql_alchemy_conn")).startswith("sqlite")


class WriteTurns:
    """The middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, in its turn."""
        if scope["type"] != "http" or scope["method"] in _READING:
            await self._app(scope, receive, send)
            return
        async with self._turn:
            await self._app(scope, receive, send)
