"""The templates of change detection, with cfn-lint as the second opinion."""

from __future__ import annotations

import json
from pathlib import Path

import cfnlint
import pytest
import yaml
from typer.testing import CliRunner

from airflow_codepipeline.changes.message import read_message
from airflow_codepipeline.cli.app import build
from fixtures.source_events import image_action, object_created, repository_state, text

ROOT = Path(__file__).parents[3]
DEFINITIONS = ROOT / "tests" / "data" / "definitions" / "pipelines"


def source(name, provider, **configuration):
    kind = {"category": "Source", "owner": "AWS", "provider": provider, "version": "1"}
    outputs = [{"name": name}]
    return {"name": name, "actionTypeId": kind, "configuration": configuration, "outputArtifacts": outputs}


SOURCES = (
    source("Object", "S3", S3Bucket="sources", S3ObjectKey="web-shop.zip"),
    source("Commit", "CodeCommit", RepositoryName="shop", BranchName="main"),
    source("Image", "ECR", RepositoryName="base"),
)


@pytest.fixture
def folder(tmp_path):
    """Two pipelines that take the same three things."""
    for name in ("one", "two"):
        ask = {
            "name": "Ask",
            "actionTypeId": {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"},
        }
        stages = [{"name": "Source", "actions": SOURCES}, {"name": "Ask", "actions": [ask]}]
        store = {"type": "S3", "location": "store"}
        (tmp_path / f"{name}.json").write_text(
            json.dumps(
                {
                    "name": name,
                    "roleArn": "arn:aws:iam::111122223333:role/shop",
                    "artifactStore": store,
                    "stages": stages,
                }
            )
        )
    return tmp_path


def run(*arguments):
    arguments = ["triggers", "template", *map(str, arguments)]
    return CliRunner().invoke(build(arguments), arguments)


def printed(*arguments):
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    return done.output


def of_type(template, kind):
    return {name: one["Properties"] for name, one in template["Resources"].items() if one["Type"] == kind}


@pytest.mark.parametrize(
    "target", [(), ("--queue-name", "changes"), ("--api-destination", "https://a.example.com")]
)
def test_cfn_lint_has_nothing_to_say(folder, target):
    template = printed(folder, *target)

    assert cfnlint.lint(template, config={"regions": ["eu-west-1"]}) == []


def test_there_is_one_rule_a_source_however_many_pipelines_take_it(folder):
    template = yaml.safe_load(printed(folder))

    rules = of_type(template, "AWS::Events::Rule")
    assert sorted(rule["Description"] for rule in rules.values()) == [
        "CodeCommit shop/main",
        "ECR base/latest",
        "S3 sources/web-shop.zip",
    ]
    (policy,) = of_type(template, "AWS::SQS::QueuePolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    allowed = [arn["Fn::GetAtt"][0] for arn in statement["Condition"]["ArnEquals"]["aws:SourceArn"]]
    assert sorted(allowed) == sorted(rules)


def test_the_queue_puts_aside_what_nobody_can_do_anything_with(folder):
    queues = of_type(yaml.safe_load(printed(folder, "--queue-name", "changes")), "AWS::SQS::Queue")

    assert queues["Changes"]["QueueName"] == "changes"
    assert queues["Changes"]["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    assert queues["DeadLetters"]["MessageRetentionPeriod"] == 14 * 86400


@pytest.mark.parametrize(
    "url", ["https://a.example.com", "https://a.example.com/", "https://a.example.com/codepipeline/events"]
)
def test_an_api_destination_sends_the_key_to_the_receiver_and_keeps_what_it_cannot_send(folder, url):
    template = json.loads(printed(folder, "--api-destination", url, "--format", "json"))

    (destination,) = of_type(template, "AWS::Events::ApiDestination").values()
    assert destination["InvocationEndpoint"] == "https://a.example.com/codepipeline/events"
    (connection,) = of_type(template, "AWS::Events::Connection").values()
    assert connection["AuthParameters"]["ApiKeyAuthParameters"]["ApiKeyValue"] == {"Ref": "EventKey"}
    assert template["Parameters"]["EventKey"]["NoEcho"] is True
    for rule in of_type(template, "AWS::Events::Rule").values():
        (target,) = rule["Targets"]
        assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}


@pytest.mark.parametrize("told", [object_created(), repository_state(), image_action()])
def test_each_rule_lets_through_what_starts_a_pipeline(folder, told):
    """The patterns here are all lists of values, so that a few lines can tell what they let through."""
    rules = of_type(yaml.safe_load(printed(folder)), "AWS::Events::Rule").values()

    assert [rule for rule in rules if lets_through(rule["EventPattern"], told)]
    assert read_message(text(told)).revision is not None


def lets_through(pattern, value):
    if isinstance(pattern, list):
        return value in pattern
    return all(key in value and lets_through(wanted, value[key]) for key, wanted in pattern.items())


def test_many_rules_are_let_in_by_their_stack(tmp_path, folder):
    definition = json.loads((folder / "one.json").read_text())
    definition["stages"][0]["actions"] = [
        source(f"Object{number}", "S3", S3Bucket="sources", S3ObjectKey=f"{number}.zip")
        for number in range(50)
    ] + [SOURCES[1]]
    (folder / "one.json").write_text(json.dumps(definition))

    (policy,) = of_type(yaml.safe_load(printed(folder / "one.json")), "AWS::SQS::QueuePolicy").values()

    (statement,) = policy["PolicyDocument"]["Statement"]
    assert "${AWS::StackName}-*" in statement["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Sub"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--queue-name", "a", "--api-destination", "https://a.example.com"], 2, "exclude each other"),
        (["--queue-name", "", "--api-destination", "https://a.example.com"], 2, "exclude each other"),
        (["--queue-name", ""], 2, "Invalid value for --queue-name"),
        (["--queue-name", "my changes"], 2, "Invalid value for --queue-name"),
        (["--queue-name", "changes.fifo"], 2, "Invalid value for --queue-name"),
        (["--queue-name", "a" * 68], 2, "Invalid value for --queue-name"),
        (["--api-destination", "http://a.example.com"], 2, "begins with https://"),
        (["--api-destination", "a.example.com"], 2, "begins with https://"),
        (["--api-destination", "https://[a"], 2, "is no address"),
    ],
)
def test_what_cannot_be_is_refused(folder, arguments, code, said):
    done = run(folder, *arguments)

    assert done.exit_code == code
    assert said in done.output


def test_where_nothing_is_watched_nothing_is_printed(folder):
    definition = json.loads((folder / "one.json").read_text())
    connection = {"ConnectionArn": "arn", "FullRepositoryId": "a/b", "BranchName": "main"}
    definition["stages"][0]["actions"] = [source("Code", "CodeStarSourceConnection", **connection)]
    (folder / "one.json").write_text(json.dumps(definition))

    done = run(folder / "one.json")

    assert done.exit_code == 1
    assert "nothing to watch" in done.output


def test_a_definition_that_cannot_be_read_is_named(folder):
    (folder / "two.json").write_text("{}")

    done = run(folder)

    assert done.exit_code == 1
    assert "two.json" in done.output
