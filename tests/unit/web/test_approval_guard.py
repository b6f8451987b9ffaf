"""The guard in front of Airflow's route: what it passes on, what it refuses, and that others never see it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi import HTTPException
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from airflow_codepipeline.dag.decisions import ROLES
from airflow_codepipeline.definition.extension import Approvers
from airflow_codepipeline.execution.approval import Person
from airflow_codepipeline.service.approval_question import Place, Question
from airflow_codepipeline.web import approval_guard
from airflow_codepipeline.web.approval_guard import LARGEST_BODY, ApprovalGuard
from airflow_codepipeline.web.caller import Caller, as_caller

if TYPE_CHECKING:
    from starlette.requests import Request

ROUTE = "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/{map_index}/hitlDetails"
PATH = "/api/v2/dags/shop/dagRuns/manual__2026%2B00:00/taskInstances/Verify.Release/-1/hitlDetails"
PLACE = Place("shop", "manual__2026+00:00", "Verify.Release")
ANSWER = {"chosen_options": ["Approve"], "params_input": {"comment": "ok"}}
ADA = Caller(Person("1", "ada", ("op",)), active=True)


class Airflow:
    """Airflow's route behind the guard, and what the guard asks Airflow."""

    def __init__(self, monkeypatch) -> None:
        self.stored: list[dict] = []
        self.shown: list[tuple] = []
        self.caller = ADA
        self.question: Question | Exception | None = Question(PLACE, Approvers(users=("ada",)), None, ())
        self.pipelines = {"shop"}
        self.asked: list[str] = []
        app = Starlette(routes=[Route(ROUTE, self._route, methods=["PATCH", "GET"])])
        app.state.dag_bag = SimpleNamespace()
        app.add_middleware(ApprovalGuard)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://airflow")
        monkeypatch.setattr(approval_guard, "_concerns", self._concerns)
        monkeypatch.setattr(approval_guard, "_question", self._question)
        monkeypatch.setattr(approval_guard, "caller_of", self._caller)
        monkeypatch.setattr(approval_guard, "_show", lambda *shown: self.shown.append(shown))

    async def _route(self, request: Request) -> JSONResponse:
        body = await request.body()
        assert request.headers.get("content-length", str(len(body))) == str(len(body))
        self.stored.append(json.loads(body) if body else {})
        return JSONResponse({})

    def _concerns(self, place: Place) -> bool:
        self.asked.append(place.dag_id)
        return place.dag_id in self.pipelines

    def _question(self, dag_bag, place: Place) -> Question | None:
        assert place == PLACE
        if isinstance(self.question, Exception):
            raise self.question
        return self.question

    async def _caller(self, request: Request, dag_id: str) -> Caller:
        if isinstance(self.caller, Exception):
            raise self.caller
        return self.caller

    async def patch(self, path: str = PATH, **request) -> httpx.Response:
        return await self.client.patch(path, **({"json": ANSWER} | request))


@pytest.fixture
def airflow(monkeypatch) -> Airflow:
    return Airflow(monkeypatch)


async def test_an_answer_of_who_may_decide_is_stored_with_their_roles(airflow):
    assert (await airflow.patch()).status_code == 200
    assert airflow.stored == [ANSWER | {"params_input": {"comment": "ok", ROLES: ["op"]}}]
    assert len(airflow.shown) == 1


async def test_an_answer_of_somebody_else_is_refused_before_it_is_stored(airflow):
    airflow.caller = Caller(Person("2", "eve"), active=True)
    answer = await airflow.patch()
    assert (answer.status_code, answer.json()["detail"]) == (403, "eve may not decide: ada may.")
    assert airflow.stored == []


async def test_a_deactivated_user_does_not_decide(airflow):
    airflow.question = Question(PLACE, None, None, ())
    airflow.caller = Caller(ADA.person, active=False)
    assert (await airflow.patch()).status_code == 403
    assert airflow.stored == []


async def test_who_is_not_logged_in_gets_airflows_own_answer(airflow):
    airflow.caller = HTTPException(401, "Not authenticated")
    answer = await airflow.patch()
    assert (answer.status_code, answer.json()) == (401, {"detail": "Not authenticated"})
    assert airflow.stored == []


@pytest.mark.parametrize("failure", [RuntimeError("database is gone"), LookupError("no such DAG")])
async def test_a_failure_refuses_the_answer(airflow, failure):
    airflow.question = failure
    assert (await airflow.patch()).status_code == 503
    assert airflow.stored == []


async def test_a_failure_to_show_who_answered_does_not_lose_the_answer(airflow, monkeypatch):
    def fail(*_):
        raise RuntimeError("database is gone")

    monkeypatch.setattr(approval_guard, "_show", fail)
    assert (await airflow.patch()).status_code == 200
    assert len(airflow.stored) == 1


async def test_a_body_without_end_is_not_read_to_its_end(airflow):
    async def parts():
        for _ in range(2 * LARGEST_BODY // 1024):
            yield b"x" * 1024

    assert (await airflow.patch(json=None, content=parts())).status_code == 413
    assert airflow.stored == []


async def test_a_line_feed_at_the_end_of_the_path_is_no_way_around(airflow):
    airflow.caller = Caller(Person("2", "eve"), active=True)
    for path in (PATH + "%0A", PATH.replace("/-1/", "/-01/")):
        assert (await airflow.patch(path)).status_code == 403
    assert airflow.stored == []


async def test_what_is_no_approval_is_passed_on_without_a_mark(airflow):
    airflow.question = None
    body = {"chosen_options": ["ok"], "params_input": {"reason": "x", ROLES: ["admin"]}}
    assert (await airflow.patch(json=body)).status_code == 200
    assert airflow.stored == [{"chosen_options": ["ok"], "params_input": {"reason": "x"}}]
    assert airflow.shown == []


async def test_other_dags_and_other_requests_are_left_alone(airflow):
    airflow.caller = RuntimeError("nobody asks")
    other = PATH.replace("/shop/", "/other/")
    assert (await airflow.patch(other, content=b"{}", json=None)).status_code == 200
    assert (await airflow.client.get(PATH)).status_code == 200
    assert airflow.asked == ["other"]
    assert airflow.stored == [{}, {}]


def test_the_roles_of_a_user_are_found_in_either_auth_manager():
    simple = SimpleNamespace(get_id=lambda: "ada", get_name=lambda: "ada", role="op")
    fab = SimpleNamespace(
        get_id=lambda: 7,
        get_name=lambda: "ada",
        roles=[SimpleNamespace(name="Op"), SimpleNamespace(name="release-manager")],
        is_active=False,
    )
    assert as_caller(simple) == Caller(Person("ada", "ada", ("op",)), active=True)
    assert as_caller(fab) == Caller(Person("7", "ada", ("Op", "release-manager")), active=False)
