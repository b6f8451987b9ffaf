"""What EventBridge sends to the API server, over HTTP."""

from __future__ import annotations

import base64

import httpx
import pytest
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from sqlalchemy import select, update

from airflow_codepipeline.web.event_receiver import LARGEST_BODY
from fixtures.source_events import EVENT_ID, event, object_created, repository_state, text

KEY = "a key of 32 characters, or longer"
VERSION = "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"


def shop(name="shop", mode="SUPERSEDED", **more):
    take = {
        "name": "Code",
        "actionTypeId": {"category": "Source", "provider": "S3"},
        "configuration": {"S3Bucket": "sources", "S3ObjectKey": "web-shop.zip"},
        "outputArtifacts": [{"name": "App"}],
    }
    ask = {"name": "Ask", "actionTypeId": {"category": "Approval", "provider": "Manual"}}
    stages = [{"name": "Source", "actions": [take]}, {"name": "Verify", "actions": [ask]}]
    return {"name": name, "pipelineType": "V2", "executionMode": mode, "stages": stages} | more


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("AIRFLOW__CODEPIPELINE__EVENT_KEY", KEY)


def send(server, told, *, path="/codepipeline/events", method="POST", **headers):
    headers = headers or {"X-Api-Key": KEY}
    body = told if isinstance(told, str) else text(told)
    return httpx.request(method, server + path, content=body, headers=headers)


def runs(database):
    with database.session() as session:
        return session.execute(select(DagRun.dag_id, DagRun.run_id, DagRun.conf)).all()


def test_a_change_starts_who_takes_it_with_its_revision(server, key, database):
    database.add_pipeline(shop())
    database.add_pipeline(shop("other", stages=shop()["stages"][1:]))

    answer = send(server, object_created())

    [(dag, run, conf)] = runs(database)
    assert (answer.status_code, dag) == (200, "shop")
    assert answer.json() == {"executions": [{"pipelineName": "shop", "pipelineExecutionId": run}]}
    assert conf["codepipeline.sourceRevisions"][0]["revisionValue"] == VERSION
    assert conf["codepipeline.trigger"]["triggerType"] == "CloudWatchEvent"
    assert EVENT_ID in conf["codepipeline.trigger"]["triggerDetail"]


def test_an_event_that_is_sent_again_starts_nothing(server, key, database):
    database.add_pipeline(shop())

    first, second = send(server, object_created()), send(server, object_created())

    assert first.json() == second.json()
    assert len(runs(database)) == 1


def test_a_definition_that_changes_is_seen(server, key, database):
    database.add_pipeline(shop())
    assert send(server, repository_state()).json() == {"executions": []}
    changed = shop()
    changed["stages"][0]["actions"][0]["configuration"]["S3ObjectKey"] = "other.zip"
    database.add_pipeline(changed)

    assert send(server, object_created()).json() == {"executions": []}
    assert len(send(server, object_created(key="other.zip")).json()["executions"]) == 1


def test_a_request_starts_the_pipeline_that_it_names(server, key, database):
    database.add_pipeline(shop(variables=[{"name": "Why", "defaultValue": "x"}]))
    request = {
        "name": "shop",
        "variables": [{"name": "Why", "value": "nightly"}],
        "clientRequestToken": EVENT_ID,
    }

    answer = send(server, request)

    [(_, run, conf)] = runs(database)
    assert answer.json()["executions"][0]["pipelineExecutionId"] == run
    assert conf["Why"] == "nightly"


def test_basics_password_may_be_the_key(server, key, database):
    database.add_pipeline(shop())
    credentials = base64.b64encode(f"eventbridge:{KEY}".encode()).decode()

    assert send(server, object_created(), Authorization=f"Basic {credentials}").status_code == 200
    assert len(runs(database)) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Api-Key": "another"},
        {"X-Api-Key": ""},
        {"X-Other": KEY},
        {"Authorization": f"Bearer {KEY}"},
        {"Authorization": "Basic !"},
        {"Authorization": f"Basic {base64.b64encode(KEY.encode()).decode()}"},
        {"X-Api-Key": "käy"},
    ],
)
def test_without_the_key_nothing_is_read(server, key, database, headers, caplog):
    database.add_pipeline(shop())
    encoded = {name: value.encode() for name, value in headers.items()}

    assert send(server, object_created(), **encoded).status_code == 401
    assert not runs(database)
    assert KEY not in caplog.text
    assert "is not taken" in caplog.text


def test_without_the_option_there_is_no_such_address(server, database):
    database.add_pipeline(shop())

    assert send(server, object_created()).status_code == 404


@pytest.mark.parametrize(
    ("told", "more", "status"),
    [
        ("hello", {}, 400),
        (event("aws.events", "Scheduled Event", {}), {}, 400),
        ({"name": "no-such"}, {}, 400),
        ("x" * (LARGEST_BODY + 1), {}, 413),
        (object_created(), {"method": "GET"}, 405),
        (object_created(), {"path": "/codepipeline/events/more"}, 404),
    ],
)
def test_what_cannot_be_taken_says_why(server, key, database, told, more, status):
    answer = send(server, told, **more)

    assert answer.status_code == status
    assert answer.json()["error" if "error" in answer.json() else "errors"]
    assert not runs(database)


def test_an_event_that_starts_nothing_is_taken(server, key, database):
    answer = send(server, event("aws.s3", "Object Deleted", {}))

    assert answer.status_code == 200
    assert answer.json()["executions"] == []


def test_what_is_refused_for_now_is_to_be_sent_again_and_the_others_start(server, key, database):
    for name in ("shop", "idle"):
        database.add_pipeline(shop(name))
    with database.session() as session:
        session.execute(update(DagModel).where(DagModel.dag_id == "idle").values(is_paused=True))

    answer = send(server, object_created())

    assert answer.status_code == 503
    assert [one["pipelineName"] for one in answer.json()["executions"]] == ["shop"]
    assert "is paused in Airflow" in answer.json()["errors"][0]["message"]
