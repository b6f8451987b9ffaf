"""Secrets never reach a written file."""

from __future__ import annotations

import json

import pytest

from airflow_codepipeline.definition.reader import read_pipeline
from unit.importing.conftest import template

GITHUB = """\
{"pipeline": {"name": "site", "roleArn": "arn:aws:iam::111122223333:role/pipeline",
 "artifactStore": {"type": "S3", "location": "artifacts"},
 "stages": [
  {"name": "Source", "actions": [{"name": "Code", "outputArtifacts": [{"name": "Code"}],
    "actionTypeId": {"category": "Source", "owner": "ThirdParty", "provider": "GitHub", "version": "1"},
    "configuration": {"Owner": "me", "Repo": "site", "Branch": "main", "OAuthToken": "TOKEN"}}]},
  {"name": "Build", "actions": [{"name": "Build", "inputArtifacts": [{"name": "Code"}],
    "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"},
    "configuration": {"ProjectName": "site", "EnvironmentVariables": ENVIRONMENT}}]}]}}
"""


def declaration(token="abc", environment="[]"):
    return GITHUB.replace("TOKEN", token).replace("ENVIRONMENT", json.dumps(environment))


def written(project):
    return "".join(path.read_text() for path in project.output.rglob("*") if path.is_file())


@pytest.mark.parametrize("token", ["swordfish", "****"])
def test_a_literal_token_becomes_a_variable_with_a_warning(token, project):
    report = project.report(declaration(token), "site.json")

    [pipeline] = report.pipelines
    assert [finding.id for finding in pipeline.findings if finding.id == "CI102"] == ["CI102"]
    assert token not in written(project)
    assert "swordfish" not in json.dumps(report.as_data())
    assert 'OAuthToken: "{{ var.code_oauth_token }}"' in written(project)
    assert 'code_oauth_token: "CHANGE-ME"' in written(project)


def test_a_reference_to_a_secret_stays(project):
    reference = "{{resolve:secretsmanager:github:SecretString:token}}"
    report = project.report(declaration(reference), "site.json")

    assert report.pipelines[0].unresolved == ()
    assert reference in written(project)


def test_an_environment_variable_that_holds_a_secret_becomes_a_variable(project):
    entries = [
        {"name": "DB_PASSWORD", "value": "swordfish", "type": "PLAINTEXT"},
        {"name": "API_TOKEN", "value": "github/token", "type": "SECRETS_MANAGER"},
        {"name": "STAGE", "value": "prod"},
    ]
    project.report(declaration(environment=json.dumps(entries)), "site.json")

    assert "swordfish" not in written(project)
    assert "prod" in written(project)


def test_a_json_text_keeps_its_form_but_for_the_secrets(project):
    text = '[ {"name" : "A_TOKEN",\n "value":"swordfish"} ]'

    [pipeline] = project.report(declaration(environment=text), "site.json").pipelines

    configuration = read_pipeline(pipeline.file).stages[1].actions[0].configuration
    assert configuration["EnvironmentVariables"] == text.replace("swordfish", "CHANGE-ME")


TOKENS = ["ghp_" + "a1" * 20, "AKIA" + "A1B2C3D4E5F6G7H8", "glpat-" + "x" * 20]


@pytest.mark.parametrize("token", TOKENS)
def test_what_looks_like_a_token_becomes_a_variable_wherever_it_stands(token, project):
    project.report(template(f"curl -H 'Authorization {token}'"))

    assert token not in written(project)
    assert "curl -H" in written(project)


def test_a_password_in_an_address_becomes_a_variable(project):
    project.report(template("https://me:swordfish@example.org/x"))

    assert "swordfish" not in written(project)
    assert "@example.org/x" in written(project)


def test_a_custom_action_type_says_which_of_its_keys_are_secret(project):
    resources = """\
    Tool:
      Type: AWS::CodePipeline::CustomActionType
      Properties:
        Category: Approval
        Provider: Tool
        Version: "1"
        InputArtifactDetails: {MinimumCount: 0, MaximumCount: 0}
        OutputArtifactDetails: {MinimumCount: 0, MaximumCount: 0}
        ConfigurationProperties: [{Key: true, Name: CustomData, Required: true, Secret: true}]
    """
    project.report(template("swordfish", resources=resources))

    assert "swordfish" not in written(project)
