"""PutWebhook and the others by AWS's own clients, and messages to what they make."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest
import yaml
from botocore.exceptions import ClientError

from airflow_codepipeline.aws.clients import CLIENTS
from airflow_codepipeline.execution.start import SOURCE_REVISIONS
from airflow_codepipeline.web import webhook_answer, webhooks
from fixtures.aws_proxy import AwsProxy
from fixtures.git_provider import GitProvider
from unit.changes.payloads import github_push

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "it-is-a-secret"
HOOK = {
    "name": "shop-pushes",
    "targetPipeline": "shop",
    "targetAction": "Code",
    "filters": [{"jsonPath": "$.ref", "matchEquals": "refs/heads/{Branch}"}],
    "authentication": "GITHUB_HMAC",
    "authenticationConfiguration": {"SecretToken": SECRET},
}
OPEN = {"authentication": "UNAUTHENTICATED", "authenticationConfiguration": {}, "filters": []}


def shop(name: str = "shop", **source: Any) -> dict[str, Any]:
    code = {
        "name": "Code",
        "actionTypeId": {"category": "Source", "owner": "ThirdParty", "provider": "GitHub"},
        "configuration": {"Owner": "acme", "Repo": "shop", "Branch": "main", "OAuthToken": "gh-token"},
    } | source
    approve = {"name": "Ok", "actionTypeId": {"category": "Approval", "provider": "Manual"}}
    return {
        "name": name,
        "roleArn": "arn:aws:iam::123456789012:role/shop",
        "airflow": {"region": "eu-west-1"},
        "stages": [{"name": "Source", "actions": [code]}, {"name": "Verify", "actions": [approve]}],
    }


@pytest.fixture(autouse=True)
def address(server, monkeypatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", f"{server}/")


@pytest.fixture
def pipeline(database):
    database.add_pipeline(shop())
    return database


@pytest.fixture
def github(monkeypatch) -> Iterator[GitProvider]:
    with GitProvider() as running:
        found = {"conn_type": "http", "password": "gh-token", "extra": {"api_url": running.url}}
        monkeypatch.setenv("AIRFLOW_CONN_GITHUB", json.dumps(found))
        running.token = "gh-token"
        yield running


@pytest.fixture
def aws(codepipeline) -> Iterator[Any]:
    with contextlib.closing(codepipeline) as client:
        yield client


def put(aws: Any, **more: Any) -> dict[str, Any]:
    return dict(aws.put_webhook(webhook=HOOK | more)["webhook"])


def refusal(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def post(url: str, payload: Any = None, *, secret: str | None = SECRET, **headers: str) -> httpx.Response:
    body = json.dumps(payload or github_push()).encode()
    named = {"X-GitHub-Event": "push", "X-GitHub-Delivery": "d-1"}
    if secret:
        named["X-Hub-Signature-256"] = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(url, content=body, headers=named)


def executions(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(answer.json()["executions"])


def runs(database) -> list[Any]:
    from airflow.models.dagrun import DagRun

    with database.session() as session:
        return list(session.query(DagRun))


def variable(database, key: str) -> Any:
    from airflow.models.variable import Variable

    with database.session() as session:
        return session.query(Variable).filter_by(key=key).one_or_none()


def test_a_webhook_is_made_shown_and_deleted(aws, pipeline, server):
    tags = [{"key": "team", "value": "shop"}]
    made = aws.put_webhook(webhook=HOOK, tags=tags)["webhook"]

    assert made["definition"] == HOOK | {"authenticationConfiguration": {"SecretToken": "****"}}
    assert made["url"].startswith(f"{server}/codepipeline/webhooks/shop-pushes?t=")
    assert made["arn"] == "arn:aws:codepipeline:eu-west-1:123456789012:webhook:shop-pushes"
    assert made["tags"] == tags
    assert aws.list_webhooks()["webhooks"] == [made]

    aws.delete_webhook(name="shop-pushes")
    assert aws.list_webhooks()["webhooks"] == []
    aws.delete_webhook(name="shop-pushes")
    assert post(made["url"]).status_code == 404


def test_a_webhook_that_is_put_again_keeps_its_address_and_one_made_anew_has_another(aws, pipeline):
    first = put(aws)
    again = put(aws, filters=[])
    aws.delete_webhook(name="shop-pushes")

    assert again["url"] == first["url"] != put(aws)["url"]
    assert again["definition"]["filters"] == []


def test_the_masked_secret_keeps_the_secret(aws, pipeline):
    masked = {"authenticationConfiguration": {"SecretToken": "****"}}
    code, message = refusal(aws.put_webhook, webhook=HOOK | masked)
    assert (code, "masked" in message) == ("InvalidWebhookAuthenticationParametersException", True)

    put(aws)
    assert len(executions(post(put(aws, **masked)["url"]))) == 1


def test_a_webhook_is_kept_encrypted_and_airflow_masks_its_secrets(aws, pipeline, monkeypatch):
    from airflow.api_fastapi.core_api.datamodels.variables import VariableResponse
    from airflow.models import crypto
    from cryptography.fernet import Fernet

    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
    crypto.get_fernet.cache_clear()
    url = put(aws)["url"]
    row = variable(pipeline, "codepipeline.webhook.shop-pushes")
    shown = VariableResponse.model_validate(
        {"key": row.key, "value": row.get_val(), "description": "", "is_encrypted": True, "team_name": None}
    )
    crypto.get_fernet.cache_clear()

    assert row.is_encrypted
    assert SECRET not in row._val
    assert SECRET not in str(shown.val)
    assert url.partition("?t=")[2] not in str(shown.val)
    assert json.loads(str(shown.val))["targetPipeline"] == "shop"


def test_lists_are_read_page_by_page(aws, pipeline):
    for number in range(5):
        put(aws, name=f"hook-{number}")
    pages = list(aws.get_paginator("list_webhooks").paginate(PaginationConfig={"PageSize": 2}))

    assert [len(page["webhooks"]) for page in pages] == [2, 2, 1]
    names = [one["definition"]["name"] for page in pages for one in page["webhooks"]]
    assert names == [f"hook-{number}" for number in range(5)]
    assert refusal(aws.list_webhooks, NextToken="nonsense")[0] == "InvalidNextTokenException"


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"targetPipeline": "nowhere"}, "PipelineNotFoundException", "nowhere"),
        ({"targetAction": "Ok"}, "ValidationException", "Its actions: Code."),
        ({"filters": [{"jsonPath": "$["}]}, "InvalidWebhookFilterPatternException", "JsonPath"),
        (
            {"filters": [{"jsonPath": "$.ref", "matchEquals": "{BranchName}"}]},
            "InvalidWebhookFilterPatternException",
            "Its keys: ",
        ),
        (
            {"authenticationConfiguration": {}},
            "InvalidWebhookAuthenticationParametersException",
            "GITHUB_HMAC takes SecretToken",
        ),
        (
            {"authentication": "UNAUTHENTICATED"},
            "InvalidWebhookAuthenticationParametersException",
            "UNAUTHENTICATED takes nothing",
        ),
        (
            {"authentication": "IP", "authenticationConfiguration": {"AllowedIPRange": "10.0.0.0/33"}},
            "InvalidWebhookAuthenticationParametersException",
            "CIDR",
        ),
        (
            {"authenticationConfiguration": {"SecretToken": "{{ var.hook_secret_token }}"}},
            "InvalidWebhookAuthenticationParametersException",
            "Give the secret.",
        ),
        ({"authentication": "NONE"}, "ValidationException", "authentication"),
        ({"name": "no spaces"}, "ValidationException", "webhook.name"),
        ({"filters": [{"jsonPath": "$"}] * 6}, "ValidationException", "less than or equal to 5"),
    ],
)
def test_a_webhook_that_could_never_work_is_refused(aws, pipeline, change, code, said):
    found, message = refusal(aws.put_webhook, webhook=HOOK | change)

    assert (found, said in message) == (code, True), message
    assert aws.list_webhooks()["webhooks"] == []


def test_there_are_quotas_as_on_aws(aws, pipeline, monkeypatch):
    from airflow_codepipeline.service import webhooks as service

    monkeypatch.setattr(service, "MOST_WEBHOOKS", 1)
    put(aws)
    put(aws)
    assert refusal(aws.put_webhook, webhook=HOOK | {"name": "other"})[0] == "LimitExceededException"
    tags = [{"key": str(number), "value": ""} for number in range(51)]
    assert refusal(aws.put_webhook, webhook=HOOK, tags=tags)[0] == "TooManyTagsException"
    for wrong in ([{"key": "aws:x", "value": ""}], tags[:1] * 2):
        assert refusal(aws.put_webhook, webhook=HOOK, tags=wrong)[0] == "InvalidTagsException"


def test_who_may_change_the_pipeline_may_have_webhooks(aws, pipeline, auth_manager):
    pipeline.add_pipeline(shop("other"))
    put(aws)
    assert set(auth_manager.asked) == {("PUT", None, "shop")}
    auth_manager.asked.clear()
    put(aws, targetPipeline="other")
    assert auth_manager.asked == [("PUT", None, "other"), ("PUT", None, "shop")]

    auth_manager.refused.add(("PUT", None))
    for call, parameters in (
        (aws.put_webhook, {"webhook": HOOK}),
        (aws.delete_webhook, {"name": "shop-pushes"}),
        (aws.register_webhook_with_third_party, {"webhookName": "shop-pushes"}),
    ):
        assert refusal(call, **parameters)[0] == "AccessDeniedException"
    assert aws.list_webhooks()["webhooks"] == []


def test_the_audit_log_has_no_secret(aws, pipeline):
    from airflow.models.log import Log

    put(aws)
    with pipeline.session() as session:
        [entry] = session.query(Log).filter(Log.event == "codepipeline.PutWebhook")
    assert (entry.dag_id, entry.owner) == ("shop", "ada")
    assert json.loads(entry.extra)["webhook"]["authenticationConfiguration"] == {}
    assert SECRET not in entry.extra


def test_a_message_that_passes_starts_the_pipeline(aws, pipeline):
    answer = post(put(aws)["url"])

    [run] = runs(pipeline)
    assert executions(answer) == [{"pipelineName": "shop", "pipelineExecutionId": run.run_id}]
    assert run.conf == {
        "codepipeline.trigger": {
            "triggerType": "Webhook",
            "triggerDetail": "arn:aws:codepipeline:eu-west-1:123456789012:webhook:shop-pushes",
        }
    }
    assert SOURCE_REVISIONS not in run.conf
    [shown] = aws.list_webhooks()["webhooks"]
    assert shown["lastTriggered"].tzinfo is not None


def test_a_message_that_does_not_pass_starts_nothing_and_says_why(aws, pipeline):
    answer = post(put(aws)["url"], github_push(ref="refs/heads/dev"))

    assert (executions(answer), runs(pipeline)) == ([], [])
    assert answer.json()["ignored"] == "The payload does not have 'refs/heads/main' at $.ref."
    assert "lastTriggered" not in aws.list_webhooks()["webhooks"][0]


def test_a_signed_message_that_comes_again_starts_nothing_whoever_calls_it_new(aws, pipeline):
    url = put(aws)["url"]
    answers = [post(url), post(url), post(url, X_GitHub_Delivery="d-2")]

    assert len({executions(answer)[0]["pipelineExecutionId"] for answer in answers}) == 1
    assert len(runs(pipeline)) == 1
    assert len(executions(post(url, github_push(after="e" * 40)))) == 1
    assert len(runs(pipeline)) == 2


def test_a_message_that_nobody_signs_is_told_by_its_delivery(aws, pipeline):
    url = put(aws, **OPEN)["url"]
    for delivery in ("d-1", "d-1", "d-2"):
        post(url, secret=None, X_GitHub_Delivery=delivery)
    assert len(runs(pipeline)) == 2
    for _ in range(2):
        assert len(executions(httpx.post(url, json={"any": "thing"}))) == 1
    assert len(runs(pipeline)) == 4


@pytest.mark.parametrize("algorithm", ["sha256", "sha1"])
def test_both_signatures_of_github_are_taken(aws, pipeline, algorithm):
    body = json.dumps(github_push()).encode()
    digest = hmac.new(SECRET.encode(), body, algorithm).hexdigest()

    answer = post(put(aws)["url"], secret=None, X_Hub_Signature=f"{algorithm}={digest}")
    assert len(executions(answer)) == 1


def test_a_wrong_signature_by_sha256_is_not_made_good_by_sha1(aws, pipeline):
    body = json.dumps(github_push()).encode()
    digest = hmac.new(SECRET.encode(), body, "sha1").hexdigest()

    assert post(put(aws)["url"], secret="another", X_Hub_Signature=f"sha1={digest}").status_code == 401


@pytest.mark.parametrize("secret", ["another", None])
def test_who_does_not_know_the_secret_starts_nothing_and_is_logged(aws, pipeline, caplog, secret):
    answer = post(put(aws)["url"], secret=secret, X_GitHub_Delivery="d-9")

    assert (answer.status_code, runs(pipeline)) == (401, [])
    assert "127.0.0.1" in caplog.text
    assert "'d-9'" in caplog.text
    assert SECRET not in caplog.text + answer.text


def test_who_does_not_know_the_address_finds_nothing(aws, pipeline):
    url = put(aws, **OPEN)["url"]

    assert post(url.partition("?")[0], secret=None).status_code == 404
    assert post(f"{url}x", secret=None).status_code == 404
    assert post(url.replace("shop-pushes", "another"), secret=None).status_code == 404
    assert httpx.get(url).status_code == 405
    assert runs(pipeline) == []


@pytest.mark.parametrize(
    ("allowed", "host", "status"),
    [
        ("127.0.0.0/8", None, 200),
        ("10.0.0.0/8", None, 401),
        ("192.30.252.7/22", "192.30.255.1", 200),
        ("192.30.252.0/22", "::ffff:192.30.255.1", 200),
        ("192.30.252.0/22", "192.31.0.1", 401),
        ("192.30.252.0/22", "2001:db8::1", 401),
        ("2001:db8::/32", "2001:db8::1", 200),
        ("192.30.252.0/22", "nowhere", 401),
    ],
)
def test_an_address_is_in_the_allowed_range_or_refused(aws, pipeline, monkeypatch, allowed, host, status):
    within = {"authentication": "IP", "authenticationConfiguration": {"AllowedIPRange": allowed}}
    url = put(aws, filters=[], **within)["url"]
    if host is not None:
        monkeypatch.setattr(webhooks, "address_of", lambda _request: host)

    assert post(url, secret=None).status_code == status


def test_a_ping_is_answered_and_a_body_that_is_no_json_refused(aws, pipeline, monkeypatch):
    url = put(aws)["url"]
    assert "ping" in post(url, {"zen": "x"}, X_GitHub_Event="ping").json()["ignored"]
    assert post(url, {"zen": "x"}, secret="another", X_GitHub_Event="ping").status_code == 401
    anyone = put(aws, **OPEN)["url"]
    assert httpx.post(anyone, content=b"{").status_code == 400
    assert httpx.post(anyone, content=b"\xff").status_code == 400
    assert httpx.post(anyone, content=b'{"ref": "caf\xe9"}').status_code == 400
    assert httpx.post(anyone, content=b"[" * 1_000_000).status_code == 400
    monkeypatch.setattr(webhook_answer, "LARGEST_BODY", 10)
    assert httpx.post(anyone, content=b"[" * 11).status_code == 413
    assert runs(pipeline) == []


def test_a_pipeline_that_has_changed_says_why_it_is_not_started(aws, pipeline):
    url = put(aws)["url"]
    changed = shop()
    changed["stages"][0]["actions"][0]["name"] = "Take"
    pipeline.add_pipeline(changed)

    [refused] = post(url).json()["notStarted"]
    assert refused["reason"] == "'Code' is no action of the first stage of shop. Its actions: Take."


REGISTER = {"webhookName": "shop-pushes"}


@pytest.fixture
def at_github(database, github):
    database.add_pipeline(shop(airflow={"git_conn_id": "github"}))
    return github


def test_a_webhook_is_registered_at_github_and_its_push_starts_the_pipeline(aws, at_github, database):
    url = put(aws)["url"]
    aws.register_webhook_with_third_party(**REGISTER)

    [hook] = at_github.hooks.values()
    assert hook["repository"] == "/repos/acme/shop"
    assert (hook["events"], hook["active"]) == (["push"], True)
    assert hook["config"] == {"url": url, "content_type": "json", "secret": SECRET, "insecure_ssl": "0"}
    assert len(executions(post(hook["config"]["url"], secret=hook["config"]["secret"]))) == 1

    aws.deregister_webhook_with_third_party(**REGISTER)
    assert at_github.hooks == {}
    aws.deregister_webhook_with_third_party(**REGISTER)


def test_registering_again_changes_the_hook_and_makes_no_second_one(aws, at_github, server):
    for number in range(150):
        config = {"config": {"url": f"https://other.example.com/{number}"}}
        at_github.hooks[1000 + number] = {"id": 1000 + number, "repository": "/repos/acme/shop"} | config
    put(aws)
    aws.register_webhook_with_third_party(**REGISTER)
    aws.delete_webhook(name="shop-pushes")
    url = put(aws, authenticationConfiguration={"SecretToken": "renewed"})["url"]
    aws.register_webhook_with_third_party(**REGISTER)

    [hook] = [one for one in at_github.hooks.values() if one["config"]["url"].startswith(server)]
    assert hook["config"] | {"url": url, "secret": "renewed"} == hook["config"]
    aws.deregister_webhook_with_third_party(**REGISTER)
    assert len(at_github.hooks) == 150


def test_githubs_refusal_is_told(aws, at_github):
    put(aws)
    at_github.token = "another"

    code, message = refusal(aws.register_webhook_with_third_party, **REGISTER)
    assert (code, "401" in message) == ("ValidationException", True)
    assert "gh-token" not in message


def test_what_is_not_there_cannot_be_registered(aws, pipeline, monkeypatch):
    for call in (aws.register_webhook_with_third_party, aws.deregister_webhook_with_third_party):
        assert refusal(call, **REGISTER)[0] == "WebhookNotFoundException"
        assert refusal(call)[0] == "WebhookNotFoundException"
    s3 = {"actionTypeId": {"category": "Source", "provider": "S3"}, "configuration": {"S3Bucket": "b"}}
    pipeline.add_pipeline(shop("stored", **s3))
    put(aws, targetPipeline="stored", filters=[])
    code, message = refusal(aws.register_webhook_with_third_party, **REGISTER)
    assert (code, "Source/ThirdParty/GitHub/1" in message) == ("ValidationException", True)
    put(aws)
    code, message = refusal(aws.register_webhook_with_third_party, **REGISTER)
    assert (code, "git_conn_id" in message) == ("ValidationException", True)
    monkeypatch.delenv("AIRFLOW__API__BASE_URL")
    assert put(aws)["url"].startswith("http://localhost:8080/codepipeline/webhooks/")
    assert "base_url" in refusal(aws.register_webhook_with_third_party, **REGISTER)[1]


def test_the_token_of_the_definition_is_used_where_the_api_server_sees_it(
    aws, pipeline, github, monkeypatch, tmp_path
):
    definition = shop() | {"artifactStore": {"location": "artifacts"}}
    (tmp_path / "shop.json").write_text(json.dumps(definition))
    monkeypatch.setenv("CODEPIPELINE_PIPELINES", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__CODEPIPELINE__GITHUB_API_URL", github.url)
    put(aws)

    aws.register_webhook_with_third_party(**REGISTER)
    assert len(github.hooks) == 1


@pytest.mark.slow
def test_a_token_in_a_secret_is_looked_up_to_register(
    aws, pipeline, github, monkeypatch, tmp_path, embedded_aws
):
    role = "arn:aws:iam::000000000000:role/shop"
    definition = shop() | {"artifactStore": {"location": "artifacts"}, "roleArn": role}
    configuration = definition["stages"][0]["actions"][0]["configuration"]
    configuration["OAuthToken"] = "{{resolve:secretsmanager:webhooks/github:SecretString:token}}"
    (tmp_path / "shop.json").write_text(json.dumps(definition))
    monkeypatch.setenv("CODEPIPELINE_PIPELINES", str(tmp_path))
    monkeypatch.setenv("AIRFLOW__CODEPIPELINE__GITHUB_API_URL", github.url)
    put(aws)
    for name, value in embedded_aws.environment.items():
        monkeypatch.setenv(name, value)
    CLIENTS.clear()

    code, message = refusal(aws.register_webhook_with_third_party, **REGISTER)
    assert (code, "ResourceNotFoundException" in message) == ("ValidationException", True)
    with contextlib.closing(boto3.client("secretsmanager", region_name="eu-west-1")) as secrets:
        secrets.create_secret(Name="webhooks/github", SecretString='{"token": "gh-token"}')
    aws.register_webhook_with_third_party(**REGISTER)
    assert len(github.hooks) == 1
    CLIENTS.clear()


TEMPLATE = """
Resources:
  Pipe:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      Name: shop
      RoleArn: arn:aws:iam::123456789012:role/shop
      ArtifactStore: {Type: S3, Location: artifacts}
      Stages:
        - Name: Source
          Actions:
            - Name: Code
              ActionTypeId: {Category: Source, Owner: ThirdParty, Provider: GitHub, Version: 1}
              Configuration: {Owner: acme, Repo: shop, Branch: main, OAuthToken: gh-token}
              OutputArtifacts: [{Name: App}]
        - Name: Verify
          Actions:
            - {Name: Ok, ActionTypeId: {Category: Approval, Owner: AWS, Provider: Manual, Version: 1}}
  Hook:
    Type: AWS::CodePipeline::Webhook
    Properties:
      Authentication: GITHUB_HMAC
      AuthenticationConfiguration: {SecretToken: swordfish}
      Filters: [{JsonPath: "$.ref", MatchEquals: "refs/heads/{Branch}"}]
      TargetPipeline: !Ref Pipe
      TargetAction: Code
      TargetPipelineVersion: !GetAtt Pipe.Version
      RegisterWithThirdParty: true
"""


class Login(AwsProxy):
    """Adds the login that the command line does not know."""

    def forwarded(self, headers: dict[str, str]) -> dict[str, str]:
        return headers | {"Authorization": "Bearer ada"}


def test_what_import_writes_is_put_with_its_secret(aws, pipeline, tmp_path):
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    command = [Path(sys.executable).with_name("codepipeline"), "import", tmp_path / "template.yaml"]
    subprocess.run([*command, "--output", tmp_path], check=True, capture_output=True)
    [written] = (tmp_path / "webhooks").iterdir()
    request = yaml.safe_load(written.read_text())
    assert "Give the secret." in refusal(aws.put_webhook, **request)[1]

    request["webhook"]["authenticationConfiguration"]["SecretToken"] = SECRET
    assert len(executions(post(aws.put_webhook(**request)["webhook"]["url"]))) == 1


@pytest.mark.skipif(shutil.which("aws") is None, reason="there is no AWS command line")
def test_the_aws_command_line_makes_a_webhook(server, pipeline, aws, tmp_path):
    path = tmp_path / "webhook.json"
    path.write_text(json.dumps({"webhook": HOOK}))
    with Login(server) as proxy:
        command = ["aws", "codepipeline", "put-webhook", "--cli-input-json", f"file://{path}"]
        command += [
            "--endpoint-url",
            f"{proxy.url}/codepipeline",
            "--region",
            "eu-west-1",
            "--no-sign-request",
        ]
        environment = os.environ | {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["webhook"]["url"] == aws.list_webhooks()["webhooks"][0]["url"]
