"""Messages of git servers over HTTP, and what they start in Airflow's database."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from airflow_codepipeline.execution.change_details import CHANGE
from airflow_codepipeline.execution.source_variables import SOURCE_VARIABLES
from airflow_codepipeline.execution.start import SOURCE_REVISIONS
from airflow_codepipeline.web import webhook_answer
from fixtures.git_provider import GitProvider
from unit.changes.payloads import (
    NEW,
    NONE,
    OLD,
    bitbucket_pull_request,
    bitbucket_push,
    github_pull_request,
    github_push,
    gitlab_merge_request,
    gitlab_push,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "it-is-a-secret"


def pipeline(name: str, *triggers: dict[str, Any], conn: str = "git", **source: Any) -> dict[str, Any]:
    code = {
        "name": "Code",
        "actionTypeId": {"category": "Source", "provider": "CodeStarSourceConnection"},
        "configuration": {"FullRepositoryId": "acme/shop", "BranchName": "main"},
        "airflow": {"git_conn_id": conn},
    } | source
    approve = {"name": "Ok", "actionTypeId": {"category": "Approval", "provider": "Manual"}}
    git = [{"gitConfiguration": {"sourceActionName": "Code"} | one} for one in triggers]
    return {
        "name": name,
        "pipelineType": "V2",
        "stages": [{"name": "Source", "actions": [code]}, {"name": "Verify", "actions": [approve]}],
        "triggers": git,
    }


@pytest.fixture
def provider() -> Iterator[GitProvider]:
    with GitProvider() as running:
        yield running


@pytest.fixture(autouse=True)
def connections(monkeypatch, provider) -> None:
    extra = {"webhook_secret": SECRET, "api_url": provider.url}
    for name, more in {"git": extra, "plain": {}, "empty": {"webhook_secret": None}}.items():
        found = {"conn_type": "http", "password": "p4ss", "extra": more}
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(found))


@pytest.fixture
def shop(database):
    database.add_pipeline(pipeline("shop"))
    return database


def signed(body: bytes, secret: str = SECRET) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def post(server: str, body: bytes, connection: str = "git", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(f"{server}/codepipeline/git/{connection}", content=body, headers=named)


def github(
    server: str, payload: Any, event: str = "push", delivery: str = "d-1", **more: Any
) -> httpx.Response:
    body = json.dumps(payload).encode()
    headers = {"X_Hub_Signature_256": signed(body), "X_GitHub_Event": event, "X_GitHub_Delivery": delivery}
    return post(server, body, **headers | more)


def gitlab(server: str, payload: Any, event: str = "Push Hook") -> httpx.Response:
    headers = {"X_Gitlab_Token": SECRET, "X_Gitlab_Event": event, "X_Gitlab_Event_UUID": "u-1"}
    return post(server, json.dumps(payload).encode(), **headers)


def bitbucket(server: str, payload: Any, event: str = "repo:push") -> httpx.Response:
    body = json.dumps(payload).encode()
    return post(server, body, X_Hub_Signature=signed(body), X_Event_Key=event, X_Request_UUID="r-1")


def runs(database, name: str = "shop") -> list[Any]:
    from airflow.models.dagrun import DagRun

    with database.session() as session:
        return list(session.query(DagRun).filter_by(dag_id=name))


def started(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["pipelineName"] for one in answer.json()["executions"]]


def reason(answer: httpx.Response) -> str:
    [refusal] = answer.json()["notStarted"]
    return str(refusal["reason"])


def test_a_push_starts_an_execution_of_its_commit(server, shop):
    answer = github(server, github_push())

    [run] = runs(shop)
    assert answer.json() == {
        "delivery": "d-1",
        "executions": [{"pipelineName": "shop", "pipelineExecutionId": run.run_id}],
        "notStarted": [],
    }
    assert run.conf == {
        SOURCE_REVISIONS: [{"actionName": "Code", "revisionType": "COMMIT_ID", "revisionValue": NEW}],
        SOURCE_VARIABLES: {"Code": {"BranchName": "main"}},
        CHANGE: {
            "author-date": "2026-03-01T12:01:00Z",
            "author-display-name": "Ada",
            "author-email": "ada@example.com",
            "author-id": "ada",
            "branch-name": "main",
            "commit-id": NEW,
            "commit-message": "Finish",
            "full-repository-name": "acme/shop",
            "provider-type": "GitHub",
        },
        "codepipeline.trigger": {
            "triggerType": "WebhookV2",
            "triggerDetail": "push to branch main of acme/shop by ada",
        },
    }
    assert run.triggering_user_name == "webhook git"


@pytest.mark.parametrize("delivery", ["d-1", "d-2"])
def test_a_message_that_comes_again_starts_nothing(server, shop, delivery):
    first = github(server, github_push())
    again = github(server, github_push(), delivery=delivery)

    assert first.json()["executions"] == again.json()["executions"]
    assert len(runs(shop)) == 1


def test_another_push_is_another_execution(server, shop):
    github(server, github_push())
    github(server, github_push(before=NEW, after="e" * 40, head_commit={"id": "e" * 40}))

    assert len(runs(shop)) == 2


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"X_Hub_Signature_256": signed(b"x")}, 401),
        ({"X_Hub_Signature_256": ""}, 401),
        ({"connection": "plain"}, 401),
        ({"connection": "empty"}, 401),
        ({"connection": "nowhere"}, 404),
        ({"connection": ""}, 404),
    ],
)
def test_who_cannot_be_told_starts_nothing_and_is_logged(server, shop, caplog, change, status):
    with caplog.at_level(logging.WARNING, "airflow_codepipeline"):
        answer = github(server, github_push(), delivery="d-9", **change)

    assert answer.status_code == status
    assert runs(shop) == []
    assert "127.0.0.1" in caplog.text
    assert "'d-9'" in caplog.text
    assert SECRET not in caplog.text + answer.text


def test_a_message_without_a_signature_is_not_read(server, shop):
    answer = post(server, b"x" * 1000, X_GitHub_Event="push")
    assert answer.status_code == 401
    assert "x-hub-signature-256" in answer.json()["error"]
    assert httpx.get(f"{server}/codepipeline/git/git").status_code == 405


def test_a_message_that_is_too_large_is_not_read_to_its_end(server, shop, monkeypatch):
    monkeypatch.setattr(webhook_answer, "LARGEST_BODY", 1000)
    body = json.dumps(github_push()).encode()
    headers = {"X-Hub-Signature-256": signed(body), "X-GitHub-Event": "push"}
    address = f"{server}/codepipeline/git/git"

    assert httpx.post(address, content=body, headers=headers).status_code == 413
    assert httpx.post(address, content=iter([body]), headers=headers).status_code == 413
    assert runs(shop) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not what it should be"),
        (b'{"ref": 1}', "ref"),
        (b'{"ref": "refs/heads/caf\xe9"}', "not what it should be"),
    ],
)
def test_a_payload_that_is_none_is_refused(server, shop, body, said):
    answer = post(server, body, X_Hub_Signature_256=signed(body), X_GitHub_Event="push")

    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_a_ping_is_answered(server, shop):
    answer = github(server, {"zen": "Approachable is better than simple."}, "ping")

    assert (answer.status_code, answer.json()["executions"]) == (200, [])
    assert "ping" in answer.json()["ignored"]


def test_a_payload_may_be_the_field_of_a_form(server, shop):
    from urllib.parse import urlencode

    body = urlencode({"payload": json.dumps(github_push())}).encode()
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    answer = post(server, body, X_Hub_Signature_256=signed(body), X_GitHub_Event="push", **form)

    assert started(answer) == ["shop"]


def test_a_filter_that_does_not_want_a_push_says_so(server, database):
    database.add_pipeline(pipeline("shop", {"push": [{"branches": {"includes": ["release/*"]}}]}))

    answer = github(server, github_push())
    assert (started(answer), runs(database)) == ([], [])
    assert reason(answer) == "No filter of its triggers wants this push."
    assert started(github(server, github_push(ref="refs/heads/release/1"))) == ["shop"]


def test_each_pipeline_of_the_repository_is_asked(server, database):
    database.add_pipeline(pipeline("tagged", {"push": [{"tags": {"includes": ["v*"]}}]}))
    for name in ("one", "two"):
        database.add_pipeline(pipeline(name))
    database.add_pipeline(pipeline("elsewhere", conn="other"))
    database.add_pipeline(
        pipeline("strange", configuration={"FullRepositoryId": "Acme/Shop", "BranchName": "main"})
    )

    answer = github(server, github_push())

    assert sorted(started(answer)) == ["one", "two"]
    assert {one["pipelineName"]: one["reason"] for one in answer.json()["notStarted"]} == {
        "tagged": "No filter of its triggers wants this push.",
        "strange": "It reads Acme/Shop, not acme/shop.",
    }


def test_a_definition_that_changed_is_read_again(server, database):
    database.add_pipeline(pipeline("shop", {"push": [{"branches": {"includes": ["dev"]}}]}))
    assert started(github(server, github_push())) == []

    database.add_pipeline(pipeline("shop", {"push": [{"branches": {"includes": ["main"]}}]}))
    assert started(github(server, github_push())) == ["shop"]


def test_two_sources_of_one_repository_start_one_execution(server, database):
    declaration = pipeline("shop")
    [code] = declaration["stages"][0]["actions"]
    other = code | {"name": "Other", "configuration": code["configuration"] | {"BranchName": "dev"}}
    declaration["stages"][0]["actions"] += [code | {"name": "Same"}, other]
    database.add_pipeline(declaration)

    github(server, github_push())

    [run] = runs(database)
    assert [one["actionName"] for one in run.conf[SOURCE_REVISIONS]] == ["Code", "Same"]


def test_a_paused_pipeline_is_not_started_and_the_answer_says_why(server, shop):
    from airflow.models.dag import DagModel

    with shop.session() as session:
        session.get(DagModel, "shop").is_paused = True

    answer = github(server, github_push())
    assert (started(answer), "paused" in reason(answer)) == ([], True)


def test_a_pipeline_that_has_no_room_is_started_when_the_message_is_sent_again(server, database):
    declaration = pipeline("shop") | {"executionMode": "QUEUED", "airflow": {"max_active_runs": 1}}
    database.add_pipeline(declaration)
    under_way = database.start("shop")

    assert github(server, github_push()).status_code == 503
    under_way.end("success")
    assert started(github(server, github_push())) == ["shop"]


def test_any_git_server_may_send_a_message_of_ours(server, database):
    url = "https://git.example.com/shop.git"
    kind = {"category": "Source", "owner": "Custom", "provider": "Git"}
    configuration = {"RepositoryUrl": url, "BranchName": "main"}
    database.add_pipeline(pipeline("shop", actionTypeId=kind, configuration=configuration))
    push = {
        "repository": "https://GIT.example.com/shop",
        "ref": "refs/heads/main",
        "commit": NEW,
        "before": OLD,
    }
    body = json.dumps(push).encode()

    assert started(post(server, body, X_Hub_Signature_256=signed(body))) == ["shop"]
    assert post(server, body).status_code == 401
    nowhere = json.dumps(push | {"repository": "https://[git.example.com/shop"}).encode()
    assert started(post(server, nowhere, X_Hub_Signature_256=signed(nowhere))) == []


PATHS = {"push": [{"filePaths": {"includes": ["src/**"]}}]}
REQUESTS = {"pullRequest": [{"events": ["OPEN"], "filePaths": {"includes": ["src/**"]}}]}
FILE, PULL = "src/a.py", "/repos/acme/shop/pulls/7/files"


@pytest.fixture
def by_files(database):
    database.add_pipeline(pipeline("shop", PATHS | REQUESTS))
    return database


@pytest.mark.parametrize(
    ("send", "payload", "event", "path", "content"),
    [
        (github, github_pull_request(), "pull_request", PULL, [{"filename": FILE}]),
        (
            github,
            github_pull_request(),
            "pull_request",
            PULL,
            [{"filename": "b", "previous_filename": FILE}],
        ),
        (
            github,
            github_push(commits=[{"id": NEW}] * 2048),
            "push",
            f"/repos/acme/shop/compare/{OLD}...{NEW}",
            {"files": [{"filename": FILE}]},
        ),
        (
            gitlab,
            gitlab_merge_request(),
            "Merge Request Hook",
            "/projects/acme%2Fshop/merge_requests/7/diffs",
            [{"new_path": FILE, "old_path": FILE}],
        ),
        (
            gitlab,
            gitlab_push(total_commits_count=21, commits=[]),
            "Push Hook",
            "/projects/acme%2Fshop/repository/compare",
            {"diffs": [{"new_path": "b", "old_path": FILE}]},
        ),
        (
            bitbucket,
            bitbucket_push(),
            "repo:push",
            f"/repositories/acme/shop/diffstat/{NEW}..{OLD}",
            {"values": [{"new": {"path": FILE}, "old": None}]},
        ),
    ],
)
def test_files_that_a_message_leaves_out_are_asked_for(  # noqa: PLR0917 - a table of cases
    server, by_files, provider, send, payload, event, path, content
):
    provider.answers[path] = content
    assert started(send(server, payload, event)) == ["shop"]
    [(method, asked, login)] = provider.asked
    assert (method, asked.partition("?")[0], login) == ("GET", path, "Bearer p4ss")


def test_a_pull_request_of_bitbucket_is_asked_for_its_whole_commit(server, by_files, provider):
    place = "/repositories/acme/shop"
    provider.answers[f"{place}/pullrequests/7/diffstat"] = {"values": [{"new": {"path": FILE}}]}
    provider.answers[f"{place}/commit/{NEW[:12]}"] = {"hash": NEW}

    assert started(bitbucket(server, bitbucket_pull_request(), "pullrequest:created")) == ["shop"]
    [run] = runs(by_files)
    assert run.conf[SOURCE_REVISIONS][0]["revisionValue"] == NEW
    assert run.conf[SOURCE_VARIABLES]["Code"]["PullRequestId"] == "7"


def test_other_files_start_nothing(server, by_files, provider):
    provider.answers[PULL] = [{"filename": "README.md"}]

    assert started(github(server, github_pull_request(), "pull_request")) == []


def test_files_are_asked_for_only_where_they_decide(server, database, provider):
    database.add_pipeline(pipeline("shop", {"pullRequest": [{"branches": {"includes": ["main"]}}]}))

    assert started(github(server, github_pull_request(), "pull_request")) == ["shop"]
    assert provider.asked == []


@pytest.mark.parametrize("content", [404, 500, [{"name": FILE}], {"message": "strange"}])
def test_an_answer_that_cannot_be_had_is_seen_by_the_sender(server, by_files, provider, caplog, content):
    by_files.add_pipeline(pipeline("careless", {"pullRequest": [{"branches": {"includes": ["main"]}}]}))
    provider.answers[PULL] = content

    answer = github(server, github_pull_request(), "pull_request")

    assert answer.status_code == 502
    assert [one["pipelineName"] for one in answer.json()["executions"]] == ["careless"]
    assert [one["pipelineName"] for one in answer.json()["notStarted"]] == ["shop"]
    assert "does not start shop" in caplog.text
    assert "p4ss" not in caplog.text + answer.text

    provider.answers[PULL] = [{"filename": FILE}]
    assert sorted(started(github(server, github_pull_request(), "pull_request"))) == ["careless", "shop"]
    assert len(runs(by_files, "careless")) == 1


def test_a_login_is_not_sent_over_a_network_in_the_clear(server, by_files, monkeypatch):
    extra = {"webhook_secret": SECRET, "api_url": "http://git.example.com/api"}
    found = {"conn_type": "http", "password": "p4ss", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_GIT", json.dumps(found))

    answer = github(server, github_pull_request(), "pull_request")
    assert (answer.status_code, "https" in reason(answer)) == (502, True)


def test_a_branch_that_is_gone_starts_nothing(server, shop):
    answer = github(server, github_push(after=NONE, head_commit=None, deleted=True))

    assert (answer.status_code, runs(shop)) == (200, [])
    assert "deleted" in answer.json()["ignored"]
