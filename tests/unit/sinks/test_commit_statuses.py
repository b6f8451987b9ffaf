"""Commit statuses, as servers get them over HTTP."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from airflow_codepipeline.errors import ActionError, TransientError
from airflow_codepipeline.events.subject import Subject
from airflow_codepipeline.execution.start import Trigger
from airflow_codepipeline.sinks.commit_statuses import CommitStatuses

COMMIT = "a" * 40
SUBJECT = Subject(
    dag_id="shop",
    run_id="one",
    home="Source.exit",
    attempt=1,
    pipeline="shop",
    execution_id="one",
    version=1,
    started="2026-03-01T12:00:00+00:00",
    trigger=Trigger(trigger_type="Webhook"),
    stages=(),
)


class Server(ThreadingHTTPServer):
    """Answers what a test says, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, bytes]] = []
        self.asked: list[tuple[str, str, dict]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, self.headers["Authorization"], body))
        status, content = self.server.answers.pop(0) if self.server.answers else (201, b"{}")
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        connection = {"conn_type": "http", "host": server.url, "password": "token-42"}
        monkeypatch.setenv("AIRFLOW_CONN_HOSTER", json.dumps(connection))
        yield server
        server.shutdown()


def message(provider="GitHub", state="PENDING", repository="acme/shop", **place):
    where = {"connection": "hoster", "repository": repository, "provider": provider} | place
    return {"commit": COMMIT, "place": where, "state": state, "description": "In progress"}


def deliver(*messages):
    return CommitStatuses(SUBJECT, base_url="https://airflow.test/").deliver(messages)


@pytest.mark.parametrize(
    ("state", "github", "gitlab"),
    [
        ("PENDING", "pending", "running"),
        ("SUCCEEDED", "success", "success"),
        ("FAILED", "failure", "failed"),
        ("STOPPED", "error", "canceled"),
        ("SUPERSEDED", "error", "canceled"),
    ],
)
def test_a_status_is_written_in_the_words_of_its_server(server, state, github, gitlab):
    assert deliver(message(state=state), message("GitLabSelfManaged", state, "a/b/shop")) == ([], None)

    common = {"description": "In progress", "target_url": "https://airflow.test/dags/shop/runs/one"}
    assert server.asked == [
        (
            f"/api/v3/repos/acme/shop/statuses/{COMMIT}",
            "Bearer token-42",
            common | {"state": github, "context": "codepipeline/shop"},
        ),
        (
            f"/api/v4/projects/a%2Fb%2Fshop/statuses/{COMMIT}",
            "Bearer token-42",
            common | {"state": gitlab, "name": "codepipeline/shop"},
        ),
    ]


@pytest.mark.parametrize(
    ("status", "kind"), [(503, TransientError), (429, TransientError), (404, ActionError)]
)
def test_what_a_server_refuses_remains_and_holds_no_other_repository_up(server, status, kind):
    server.answers = [(status, b"no")]
    messages = [message(), message(state="FAILED"), message(repository="acme/other")]

    undelivered, error = deliver(*messages)

    assert undelivered == messages[:2]
    assert type(error) is kind
    assert len(server.asked) == 2


def test_a_status_that_gitlab_has_already_is_written(server):
    server.answers = [(400, b'{"message": "Cannot transition status via :run from :running"}')]

    assert deliver(message("GitLab")) == ([], None)


def test_without_a_token_nobody_is_told(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_HOSTER", json.dumps({"conn_type": "http", "host": "https://git.test"}))

    _, error = deliver(message())

    assert "git_conn_id" in error.message


def test_a_token_is_not_sent_in_the_clear(server):
    _, error = deliver(message(server="http://git.test"))

    assert "it must be https" in error.message


def test_a_provider_that_is_not_told_is_named(server):
    _, error = deliver(message("Bitbucket"))

    assert "Bitbucket" in error.message
    assert server.asked == []
