"""`codepipeline import --aws`: an account over HTTP, to definitions."""

from __future__ import annotations

import copy
import json

import pytest
import yaml
from typer.testing import CliRunner

from airflow_codepipeline.cli.app import build
from airflow_codepipeline.definition.reader import examine, read_pipeline
from fixtures.moto_server import MotoServer, moto_server

__all__ = ["moto_server"]

SOURCE = {
    "name": "Code",
    "actionTypeId": {"category": "Source", "owner": "ThirdParty", "provider": "GitHub", "version": "1"},
    "configuration": {"Owner": "me", "Repo": "shop", "Branch": "main", "OAuthToken": "****"},
    "outputArtifacts": [{"name": "App"}],
}
SCAN = {
    "name": "Scan",
    "actionTypeId": {"category": "Test", "owner": "Custom", "provider": "Scanner", "version": "2"},
    "configuration": {"Level": "high", "Login": "****"},
    "inputArtifacts": [{"name": "App"}],
}
APPROVAL = {
    "name": "Approve",
    "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
}
PROPERTY = {"required": False, "key": True}


class Account:
    """The account, and imports of it."""

    def __init__(self, server: MotoServer, folder) -> None:
        self.server = server
        self.codepipeline = server.client("codepipeline")
        self.role = server.role()
        self.output = folder / "include"

    def pipeline(self, name, *actions, tags=()):
        actions = actions or (APPROVAL,)
        stages = [{"name": "Source", "actions": [SOURCE]}, {"name": "Check", "actions": list(actions)}]
        declared = {
            "name": name,
            "roleArn": self.role,
            "artifactStore": {"type": "S3", "location": "artifacts"},
            "stages": copy.deepcopy(stages),
        }
        self.codepipeline.create_pipeline(pipeline=declared, tags=list(tags))

    def run(self, *arguments):
        line = ["import", "--output", str(self.output), "--format", "json", *arguments]
        result = CliRunner().invoke(build(line), line)
        return result, json.loads(result.stdout)

    def written(self, *parts):
        return yaml.safe_load(self.output.joinpath(*parts).read_text())


@pytest.fixture
def account(moto_server, tmp_path):
    return Account(moto_server, tmp_path)


def names(report):
    return [pipeline["name"] for pipeline in report["pipelines"]]


@pytest.mark.parametrize("line", [["--aws", "release", "shop"], ["--aws", "release", "--aws", "shop"]])
def test_pipelines_are_imported_by_their_names(account, line):
    for name in ("shop", "release", "other"):
        account.pipeline(name)

    result, report = account.run(*line, "--region", "eu-west-1")

    assert (result.exit_code, names(report), report["errors"]) == (0, ["release", "shop"], [])
    file = account.output / "pipelines" / "shop.yaml"
    assert [str(finding) for finding in examine(file).findings] == []
    assert file.read_text().startswith(
        "# Made by `codepipeline import` of arn:aws:codepipeline:eu-west-1:123456789012:shop.\n"
    )


def test_the_region_that_a_pipeline_came_from_is_written_beside_its_tags(account, monkeypatch):
    account.pipeline("shop", tags=[{"key": "team", "value": "web"}, {"key": "frozen", "value": ""}])
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    account.run("--aws", "shop")

    pipeline = read_pipeline(account.output / "pipelines" / "shop.yaml")
    assert (pipeline.airflow.region, pipeline.airflow.tags) == ("eu-west-1", ("frozen", "team=web"))


def test_all_takes_every_page(account):
    for number in range(5):
        account.pipeline(f"shop-{number}")

    _, report = account.run("--aws", "--all", "--region", "eu-west-1")

    assert names(report) == [f"shop-{number}" for number in range(5)]
    assert account.server.calls.count("ListPipelines") == 3


def test_masked_secrets_become_variables_those_of_custom_action_types_too(account):
    account.codepipeline.create_custom_action_type(
        category="Test",
        provider="Scanner",
        version="2",
        configurationProperties=[
            {"name": "Level", "secret": False, **PROPERTY},
            {"name": "Login", "secret": True, **PROPERTY},
        ],
        inputArtifactDetails={"minimumCount": 1, "maximumCount": 1},
        outputArtifactDetails={"minimumCount": 0, "maximumCount": 0},
    )
    account.pipeline("shop", SCAN)
    account.pipeline("release")

    _, report = account.run("--aws", "--all", "--region", "eu-west-1")

    arn = "arn:aws:codepipeline:eu-west-1:123456789012"
    assert [piece["was"] for pipeline in report["pipelines"] for piece in pipeline["unresolved"]] == [
        f"the secret Code OAuthToken in {arn}:release",
        f"the secret Code OAuthToken in {arn}:shop",
        f"the secret Scan Login in {arn}:shop",
    ]
    assert account.written("variables", "local.yaml") == {
        "code_oauth_token": "CHANGE-ME",
        "shop_code_oauth_token": "CHANGE-ME",
        "scan_login": "CHANGE-ME",
    }
    request = account.written("custom_action_types", "Test-Scanner-2.yaml")
    account.codepipeline.create_custom_action_type(**request)
    assert account.server.action_types[0] == account.server.action_types[1]


def test_custom_action_types_are_asked_for_only_where_one_is_used(account):
    account.pipeline("shop")

    account.run("--aws", "shop", "--region", "eu-west-1")

    assert "ListActionTypes" not in account.server.calls


def test_webhooks_and_disabled_transitions_are_written_as_requests(account):
    for name in ("shop", "release"):
        account.pipeline(name)
    for number, target in enumerate(("release", "shop", "release", "shop")):
        account.codepipeline.put_webhook(
            webhook={
                "name": f"push-{number}",
                "targetPipeline": target,
                "targetAction": "Code",
                "filters": [{"jsonPath": "$.ref", "matchEquals": "refs/heads/{Branch}"}],
                "authentication": "GITHUB_HMAC",
                "authenticationConfiguration": {"SecretToken": "****"},
            }
        )
    account.codepipeline.disable_stage_transition(
        pipelineName="shop", stageName="Check", transitionType="Inbound", reason="freeze"
    )

    result, report = account.run("--aws", "shop", "--region", "eu-west-1")

    assert result.exit_code == 0
    assert sorted(path.name for path in (account.output / "webhooks").iterdir()) == [
        "push-1.yaml",
        "push-3.yaml",
    ]
    text = (account.output / "webhooks" / "push-1.yaml").read_text()
    assert 'SecretToken: "{{ var.push_1_secret_token }}"' in text
    assert "matchEquals: refs/heads/{Branch}" in text
    assert account.written("disabled_transitions", "shop.Check.yaml") == {
        "pipelineName": "shop",
        "stageName": "Check",
        "transitionType": "Inbound",
        "reason": "freeze",
    }
    assert [finding["id"] for finding in report["pipelines"][0]["findings"]] == ["CI102", "CI108"]


def test_what_may_not_be_read_is_left_out_with_a_warning(account):
    account.pipeline("shop", tags=[{"key": "team", "value": "web"}])
    account.server.denied = {"ListTagsForResource", "GetPipelineState", "ListWebhooks"}

    result, report = account.run("--aws", "shop", "--region", "eu-west-1")

    assert (result.exit_code, names(report)) == (0, ["shop"])
    denied = [item for item in report["pipelines"][0]["findings"] if item["id"] == "CI109"]
    assert [item["message"].partition(":")[0] for item in denied] == [
        "ListTagsForResource",
        "GetPipelineState",
    ]
    assert "warning CI109: ListWebhooks: User: arn:aws:iam::123456789012:user/me is not authorized" in (
        result.stderr
    )


def test_a_name_that_is_not_there_leaves_the_others(account):
    for name in ("shop", "release", "other"):
        account.pipeline(name)

    result, report = account.run("--aws", "relaese", "shop", "--region", "eu-west-1")

    assert (result.exit_code, names(report)) == (1, ["shop"])
    [error] = report["errors"]
    assert (error["id"], error["file"], error["suggestion"]) == (
        "CI011",
        "relaese",
        "Did you mean 'release'?",
    )


def test_a_pipeline_that_may_not_be_read_is_an_error(account):
    account.pipeline("shop")
    account.server.denied = {"GetPipeline"}

    result, report = account.run("--aws", "shop", "--region", "eu-west-1")

    assert result.exit_code == 1
    [error] = report["errors"]
    assert (error["id"], error["file"]) == ("CI010", "shop")
    assert "is not authorized to perform: codepipeline:GetPipeline" in error["message"]


def test_an_empty_account_is_an_error(account):
    result, report = account.run("--aws", "--all", "--region", "eu-west-1")

    assert result.exit_code == 1
    assert [(error["id"], error["message"]) for error in report["errors"]] == [
        ("CI011", "There is no pipeline in eu-west-1.")
    ]


def test_without_a_region_it_says_how_to_give_one(account, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    result, report = account.run("--aws", "shop")

    assert result.exit_code == 1
    assert report["errors"][0]["message"] == "No region is known: give --region, or set AWS_REGION."


def test_without_credentials_it_says_so(account, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    result, report = account.run("--aws", "shop", "release", "--region", "eu-west-1")

    assert result.exit_code == 1
    [error] = report["errors"]
    assert error["message"].endswith("Unable to locate credentials.")


def test_the_profile_names_credentials_and_region(account, monkeypatch, tmp_path):
    account.pipeline("shop")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    config = tmp_path / "config"
    config.write_text(
        "[profile work]\nregion = eu-west-1\naws_access_key_id = test\naws_secret_access_key = test\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))

    _, report = account.run("--aws", "shop", "--profile", "work")
    result, missing = account.run("--aws", "shop", "--profile", "wrok")

    assert names(report) == ["shop"]
    assert result.exit_code == 1
    assert "The config profile (wrok) could not be found" in missing["errors"][0]["message"]


USAGE = [
    ["--aws"],
    ["--aws", "--all", "shop"],
    ["--aws", "shop", "--stack", "shop"],
    ["--aws", "shop", "--parameter", "A=b"],
    ["--all", "shop.yaml"],
    ["shop.yaml", "--region", "eu-west-1"],
    ["one.yaml", "two.yaml", "--stack", "shop"],
    [".", "--stack", "shop"],
]


@pytest.mark.parametrize("arguments", USAGE)
def test_a_wrong_command_line_exits_with_2(arguments, tmp_path):
    line = ["import", *arguments, "--output", str(tmp_path / "out")]

    assert CliRunner().invoke(build(line), line).exit_code == 2
