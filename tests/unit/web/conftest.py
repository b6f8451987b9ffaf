"""An API server with the endpoint and nothing else of Airflow's, and AWS's own client for it."""

from __future__ import annotations

import socket
import threading
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from fastapi import HTTPException
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from airflow_codepipeline.web.endpoint import PREFIX, Dispatch, endpoint
from fixtures.airflow_database import database, empty_database
from fixtures.codepipeline_api import client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["database", "empty_database"]


class User:
    """A user of an auth manager."""

    role = "op"

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_active = name != "gone"

    def get_id(self) -> str:
        return self.name

    def get_name(self) -> str:
        return self.name


@dataclass
class AuthManager:
    """Knows everybody by their token, and lets all do everything but what it is told to refuse."""

    refused: set[tuple[str, str | None]] = field(default_factory=set)
    asked: list[tuple[str, str | None, str]] = field(default_factory=list)

    def is_authorized_dag(self, *, method: str, access_entity: Any, details: Any, user: User) -> bool:
        entity = access_entity.value if access_entity else None
        self.asked.append((method, entity, details.id))
        return (method, entity) not in self.refused

    async def user(self, token: str) -> User:
        if token == "expired":
            raise HTTPException(401, "Token Expired")
        if token == "nonsense":
            raise HTTPException(403, "Invalid JWT token")
        return User(token)


@pytest.fixture
def auth_manager(monkeypatch) -> AuthManager:
    with warnings.catch_warnings():
        # What Airflow's API server imports imports Starlette's test client, which wants another httpx.
        warnings.simplefilter("ignore")
        from airflow.api_fastapi import app
        from airflow.api_fastapi.core_api import security

    manager = AuthManager()
    monkeypatch.setattr(app, "get_auth_manager", lambda: manager)
    monkeypatch.setattr(security, "resolve_user_from_token", manager.user)
    return manager


async def _airflow(_request: Any) -> PlainTextResponse:
    return PlainTextResponse("Airflow")


@contextmanager
def _served(app: Any) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def server(database, auth_manager) -> Iterator[str]:
    """The address of an API server as Airflow builds one: mounts, middlewares, and routes of its own."""
    routes = [Mount(PREFIX, endpoint), Route("/{anything:path}", _airflow, methods=["GET", "POST"])]
    app = Starlette(routes=routes)
    app.add_middleware(Dispatch)
    with _served(app) as address:
        yield address


@pytest.fixture
def codepipeline(server) -> Any:
    return client_of(f"{server}/codepipeline", "ada")
