"""Requests that take turns, at an application that says who is inside."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from airflow_codepipeline.plugin import CodePipelinePlugin
from airflow_codepipeline.web.write_turns import WriteTurns


class House:
    """An application that keeps its guests until they are let out."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        self.out = asyncio.Event()
        self.entered = asyncio.Event()

    async def __call__(self, scope, _receive, send) -> None:
        self.inside.append(scope["path"])
        self.entered.set()
        await self.out.wait()
        self.inside.remove(scope["path"])
        if scope["path"] == "/fails":
            raise ValueError(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
async def house():
    return House()


@pytest.fixture
async def client(house):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(WriteTurns(house)), base_url="http://a") as it:
        yield it


async def settled(house: House, count: int) -> list[str]:
    """Who is inside when nobody moves any more."""
    while len(house.inside) < count:
        await house.entered.wait()
        house.entered.clear()
    for _ in range(20):
        await asyncio.sleep(0)
    return house.inside


async def test_who_writes_waits_for_the_one_that_writes_and_who_reads_does_not(house, client):
    calls = [asyncio.ensure_future(client.request(*call)) for call in (
        ("POST", "/first"), ("PATCH", "/second"), ("DELETE", "/third"), ("GET", "/reader"))]  # fmt: skip

    assert sorted(await settled(house, 2)) == ["/first", "/reader"]

    house.out.set()
    assert [(await call).status_code for call in calls] == [200] * 4


async def test_a_request_that_fails_gives_its_turn_back(house, client):
    house.out.set()
    with pytest.raises(ValueError, match="/fails"):
        await client.put("/fails")

    assert (await client.put("/next")).status_code == 200


@pytest.mark.parametrize(
    ("database", "expected"),
    [("sqlite:////tmp/airflow.db?timeout=60", True), ("postgresql+psycopg2://airflow@db/airflow", False)],
)
def test_turns_are_taken_on_sqlite_alone(database, expected, monkeypatch):
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", database)

    found = [one["middleware"] for one in CodePipelinePlugin().fastapi_root_middlewares]

    assert (WriteTurns in found) is expected
