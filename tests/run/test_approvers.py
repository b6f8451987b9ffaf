"""Who may approve, on a real Airflow whose auth manager knows several people."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from airflow_codepipeline.local.airflow_server import USER, AirflowServer, free_port
from airflow_codepipeline.service.read_actions import WAITS_FOR_ANSWER
from fixtures.airflow_run import Airflow, Run, wait_until
from hammer.database import database_of_tests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.embedded_aws import EmbeddedAws
    from fixtures.trial import Trial

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ROLES = {"ada": "user", "grace": "user", "eve": "user", "linus": "op", "vera": "viewer"}
"""`admin` starts the executions."""
DECIDE = "Release.Decide"
SIGN = "Release.Sign"


@dataclass
class People:
    """The users of an Airflow, each with a login of their own."""

    airflow: Airflow
    tokens: dict[str, str]

    def answer(self, who: str, run: Run, task_id: str, option: str, **more: Any) -> httpx.Response:
        """Answer an approval."""
        body = {"chosen_options": [option], "params_input": {"comment": f"{who} was here"} | more}
        return self.send(run, task_id, body, headers={"Authorization": f"Bearer {self.tokens[who]}"})

    def send(self, run: Run, task_id: str, body: dict[str, Any], **request: Any) -> httpx.Response:
        """Send an answer as the UI and all clients do."""
        url = f"{self.airflow.server.url}/api/v2{run.path}/taskInstances/{task_id}/-1/hitlDetails"
        return httpx.patch(url, json=body, timeout=60, **request)


@pytest.fixture(scope="module")
def people(
    tmp_path_factory: pytest.TempPathFactory, embedded_aws: EmbeddedAws, trial: Trial
) -> Iterator[People]:
    """An Airflow of its own: the shared one knows one user."""
    folder = tmp_path_factory.mktemp("people")
    project = folder / "project"
    shutil.copytree(ROOT / "dags", project / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    (project / "plugins").symlink_to(ROOT / "plugins")
    shutil.copytree(ROOT / "tests" / "data" / "approvers", project / "include" / "pipelines")
    users = ",".join(f"{name}:{role}" for name, role in {USER: "admin", **ROLES}.items())
    with database_of_tests() as database, ExitStack() as stack:
        server = AirflowServer(
            home=folder / "home",
            project=project,
            port=free_port(0),
            environment=embedded_aws.environment
            | database
            | {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": users},
        )
        passwords = {USER: server.password} | {name: f"{name}'s" for name in ROLES}
        (server.home / "passwords.json").write_text(json.dumps(passwords))
        stack.callback(server.stop)
        server.start()
        airflow = Airflow(server, project / "include" / "pipelines")
        stack.callback(airflow.close)
        airflow.wait_until_known("guarded")
        tokens = {name: _token(server.url, name, password) for name, password in passwords.items()}
        yield People(airflow, tokens)


def _token(url: str, name: str, password: str) -> str:
    answer = httpx.post(f"{url}/auth/token", json={"username": name, "password": password}, timeout=60)
    return str(answer.raise_for_status().json()["access_token"])


@pytest.fixture
def run(people: People) -> Iterator[Run]:
    """An execution that admin has started, and that asks."""
    run = people.airflow.start("guarded")
    try:
        run.wait_for_question(DECIDE)
        run.wait_for_question(SIGN)
        yield run
    finally:
        if run.state() == "running":
            run.end()


def wait_until_it_asks_again(run: Run) -> dict[str, Any]:
    question: dict[str, Any] = {}

    def asks() -> bool:
        question.update(run.airflow.client.question(run.dag_id, run.run_id, DECIDE) or {})
        return run.states()[DECIDE] in WAITS_FOR_ANSWER and not question["response_received"]

    wait_until(asks, run.states)
    return question


def test_two_of_those_who_may_decide_are_needed_and_nobody_else_is_heard(people: People, run: Run):
    question = run.wait_for_question(DECIDE)
    assert question["body"].startswith("Shall it be released?")
    assert "2 approvals are missing: ada, grace or anybody with the role op, except admin" in question["body"]
    signing = run.wait_for_question(SIGN)
    assert [user["id"] for user in signing["assigned_users"]] == ["ada"]

    starter = people.answer(USER, run, DECIDE, "Approve")
    assert (starter.status_code, starter.json()["detail"]) == (
        403,
        "admin started this execution and may not decide about it.",
    )
    stranger = people.answer("eve", run, DECIDE, "Reject")
    assert stranger.status_code == 403
    assert "ada, grace or anybody with the role op" in stranger.json()["detail"]
    forged = people.answer("eve", run, DECIDE, "Approve", **{"codepipeline.roles": ["op"]})
    assert forged.status_code == 403
    assert people.answer("vera", run, DECIDE, "Approve").status_code == 403
    assert people.answer("eve", run, SIGN, "Approve").status_code == 403
    assert not wait_until_it_asks_again(run)["response_received"]

    assert people.answer("ada", run, DECIDE, "Approve").status_code == 200
    question = wait_until_it_asks_again(run)
    assert "Approved by ada. 1 approval is missing" in question["body"]
    assert run.xcom(DECIDE, "approval")["status"] == "InProgress"
    again = people.answer("ada", run, DECIDE, "Approve")
    assert (again.status_code, again.json()["detail"]) == (
        409,
        "ada has approved already; 1 approval is missing.",
    )

    assert people.answer("linus", run, DECIDE, "Approve").status_code == 200
    assert people.answer("ada", run, SIGN, "Approve").status_code == 200
    assert run.wait_until_ended() == "success"
    approval = run.xcom(DECIDE, "approval")
    assert (approval["status"], approval["by"], approval["summary"]) == (
        "Approved",
        "linus",
        "linus was here",
    )
    assert [(made["by"], made["status"], made["counted"]) for made in approval["decisions"]] == [
        ("ada", "Approved", True),
        ("linus", "Approved", True),
    ]
    assert run.xcom(DECIDE)["summary"] == "Approved by ada, linus: linus was here"


def test_a_rejection_by_one_of_them_ends_it_in_the_ui_too(people: People, run: Run):
    """The UI sends the same request with its cookie: see the test of its script below."""
    body = {"chosen_options": ["Reject"], "params_input": {"comment": "not on a Friday"}}
    refused = people.send(run, DECIDE, body, headers={"Cookie": f"_token={people.tokens['eve']}"})
    assert refused.status_code == 403

    taken = people.send(run, DECIDE, body, headers={"Cookie": f"_token={people.tokens['grace']}"})
    assert taken.status_code == 200
    wait_until(lambda: run.states()[DECIDE] == "failed", run.states)
    assert run.xcom(DECIDE, "approval")["status"] == "Rejected"
    assert "was rejected by grace: not on a Friday" in run.log(DECIDE)


def test_the_ui_answers_through_the_route_of_the_rest_api_alone(people: People):
    url = people.airflow.server.url
    page = httpx.get(url, timeout=60, follow_redirects=True, cookies={"_token": people.tokens[USER]}).text
    script = re.search(r'src="\.?(/?static/assets/[^"]+\.js)"', page)
    assert script is not None, page
    text = httpx.get(f"{url}/{script[1].lstrip('/')}", timeout=60).text
    writing = {
        route
        for method, route in re.findall(r"method:.(\w+).,url:.(/[^`\"]*/hitlDetails[^`\"]*)", text)
        if method != "GET"
    }
    assert writing == {
        "/api/v2/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/hitlDetails"
    }
