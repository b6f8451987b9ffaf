"""Whole templates: the forms that real ones have."""

from __future__ import annotations

import json

import pytest
import yaml

from airflow_codepipeline.definition.reader import read_pipeline
from unit.importing.conftest import PIPELINE, template


def as_json(text):
    return json.dumps(yaml.safe_load(text))


def test_a_pipeline_without_a_name_is_called_as_its_resource(project):
    assert project.pipeline(template()).name == "Web"


NAMES = {
    "shop": "shop",
    "!Sub '${AWS::StackName}-pipeline'": "stack-pipeline",
    "!Ref AWS::StackName": "stack",
    "!Ref Given": "Web",
    "!Sub '${Given}.deploy'": "given.deploy",
}


@pytest.mark.parametrize(("written", "name"), NAMES.items())
def test_a_name_is_always_a_literal(written, name, project):
    text = template(name=written, before="Parameters: {Given: {Type: String}}\n")

    assert project.pipeline(text).name == name


def test_versions_run_orders_and_booleans_are_taken_as_cloudformation_takes_them(project):
    text = template().replace("S3ObjectKey: app.zip", "S3ObjectKey: 1.10, PollForSourceChanges: false")
    text = text.replace("- Name: Approve\n", "- Name: Approve\n              RunOrder: '2'\n")

    pipeline = project.pipeline(text)

    assert pipeline.stages[1].actions[0].run_order == 2
    assert pipeline.stages[0].actions[0].configuration == {
        "S3Bucket": "source",
        "S3ObjectKey": "1.10",
        "PollForSourceChanges": "false",
    }


def test_a_json_value_in_a_configuration_becomes_its_text(project):
    assert project.value("{a: [1, !Ref 'AWS::Region']}") == '{"a":[1,"us-east-1"]}'


@pytest.mark.parametrize("name", ["stack.json", "stack.yaml", "stack.template", "stack"])
def test_a_file_is_read_as_what_it_holds(name, project):
    assert project.pipeline(as_json(template()), name).name == "Web"


def test_a_trailing_comma_is_said_and_taken(project):
    report = project.report(as_json(template())[:-1] + ",}", "stack.json")

    assert [written.name for written in report.pipelines] == ["Web"]
    assert [note.id for note in report.notes] == ["CI104"]


def test_templates_in_a_list_are_all_taken(project):
    first, second = yaml.safe_load(template(name="one")), yaml.safe_load(template(name="two"))

    report = project.report(json.dumps([first, second]), "stacks.json")

    assert [written.name for written in report.pipelines] == ["one", "two"]


def test_of_a_key_that_stands_twice_the_last_is_taken(project):
    text = template().replace(
        "  Stages:\n", "  RoleArn: arn:aws:iam::111122223333:role/last\n      Stages:\n", 1
    )
    report = project.report(text)

    assert [note.id for note in report.notes] == ["CI101"]
    assert read_pipeline(report.pipelines[0].file).role_arn == "arn:aws:iam::111122223333:role/last"


def test_an_alias_and_a_merge_key_are_taken(project):
    text = template().replace("Configuration: {S3Bucket", "Configuration: &c {S3Bucket")

    assert project.pipeline(text + "Metadata: {again: *c, merged: {<<: *c}}\n").name == "Web"


def test_a_resource_whose_condition_is_false_is_not_created(project):
    text = template(before="Conditions: {Never: !Equals [a, b]}\n")
    report = project.report(text.replace("  Web:\n", "  Web:\n    Condition: Never\n"))

    assert (report.pipelines, report.errors) == ([], [])
    assert [note.id for note in report.notes] == ["CI107"]


def test_conditions_stand_around_stages_and_actions(project):
    text = template(before="Conditions: {Never: !Equals [a, b]}\n")
    stage = text[text.index("        - Name: Approval") :]
    body = stage.replace("        - Name: Approval\n", "            - Name: Extra\n", 1).replace(
        "\n   ", "\n       "
    )
    text += (
        "        - !If\n          - Never\n          -\n"
        + body.rstrip()
        + "\n          - !Ref AWS::NoValue\n"
    )

    assert [stage.name for stage in project.pipeline(text).stages] == ["Source", "Approval"]


LOOP = """\
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Pipelines:
    - Team
    - [web, api]
    - Pipeline${Team}:
"""


def test_a_loop_makes_a_pipeline_of_each_item(project):
    body = PIPELINE.replace("S3Bucket: source", "S3Bucket: 'source-${Team}'").replace("DATA", "!Ref Team")
    text = LOOP + "".join(f"        {line}\n" for line in body.splitlines())

    report = project.report(text)

    assert [written.name for written in report.pipelines] == ["Pipelineweb", "Pipelineapi"]
    pipeline = read_pipeline(report.pipelines[1].file)
    assert pipeline.stages[0].actions[0].configuration["S3Bucket"] == "source-api"
    assert pipeline.stages[1].actions[0].configuration["CustomData"] == "api"


def test_what_sam_makes_may_be_referred_to(project):
    sam = "Transform: AWS::Serverless-2016-10-31\n"

    assert project.text("!GetAtt FunctionRole.Arn", before=sam) == '"{{ var.function_role_arn }}"'


def test_regions_of_stores_stay_apart(project):
    stores = (
        "ArtifactStores: [{Region: !Ref 'AWS::Region', ArtifactStore: {Type: S3, Location: here}}, "
        "{Region: us-east-1, ArtifactStore: {Type: S3, Location: there}}]"
    )
    text = template().replace("ArtifactStore: {Type: S3, Location: artifacts}", stores)

    pipeline = project.pipeline(text)

    assert {region: store.location for region, store in pipeline.artifact_stores.items()} == {
        "us-west-2": "here",
        "us-east-1": "there",
    }
    assert '"{{ var.region }}":' in (project.output / "pipelines" / "Web.yaml").read_text()


REGIONS = {
    "the action's region is one of the stores'": ("eu-west-1", "eu-north-1", "!Ref AWS::Region"),
    "a store is in the action's region": ("!Ref AWS::Region", "!Ref Second", "eu-north-1"),
    "the action's region is any": ("!Ref AWS::Region", "eu-north-1", "!Ref Second"),
    "all are the same parameter": ("!Ref Second", "!Ref AWS::Region", "!Ref Second"),
}


@pytest.mark.parametrize(("one", "other", "action"), REGIONS.values(), ids=REGIONS)
def test_regions_are_assumed_so_that_each_action_has_a_store(one, other, action, project):
    stores = ", ".join(
        f"{{Region: {region}, ArtifactStore: {{Type: S3, Location: store}}}}" for region in (one, other)
    )
    text = template(before="Parameters: {Second: {Type: String}}\n")
    text = text.replace("ArtifactStore: {Type: S3, Location: artifacts}", f"ArtifactStores: [{stores}]")
    text = text.replace("- Name: Approve\n", f"- Name: Approve\n              Region: {action}\n")

    pipeline = project.pipeline(text)

    assert pipeline.stages[1].actions[0].region in pipeline.artifact_stores
    assert len(pipeline.artifact_stores) == 2


def test_tags_become_tags_of_the_dag(project):
    text = template().replace("  Stages:\n", "  Tags: [{Key: team, Value: web}]\n      Stages:\n", 1)

    assert project.pipeline(text).airflow.tags == ("team=web",)


def test_a_property_that_is_misspelled_is_refused(project):
    text = template().replace("RoleArn:", "roleArn:", 1)

    [error] = project.report(text).errors

    assert (error.id, error.message, error.suggestion) == (
        "CI003",
        "Unknown property 'roleArn'.",
        "Did you mean 'RoleArn'?",
    )


def test_what_the_api_would_refuse_is_refused_at_its_place_in_the_template(project):
    [error] = project.report(template().replace("Provider: S3", "Provider: S4")).errors

    assert (error.id, error.line) == ("CP301", 11)
    assert not (project.output / "pipelines").exists()


BESIDE = """\
Jenkins:
  Type: AWS::CodePipeline::CustomActionType
  Properties:
    Category: Build
    Provider: Jenkins
    Version: 2
    InputArtifactDetails: {MinimumCount: 0, MaximumCount: 5}
    OutputArtifactDetails: {MinimumCount: 0, MaximumCount: 5}
    ConfigurationProperties: [{Key: true, Name: Job, Required: true, Secret: false}]
Hook:
  Type: AWS::CodePipeline::Webhook
  Properties:
    Authentication: GITHUB_HMAC
    AuthenticationConfiguration: {SecretToken: swordfish}
    Filters: [{JsonPath: "$.ref", MatchEquals: "refs/heads/{Branch}"}]
    TargetPipeline: !Ref Web
    TargetAction: Source
    TargetPipelineVersion: !GetAtt Web.Version
    RegisterWithThirdParty: true
"""


def test_custom_action_types_and_webhooks_are_taken_along(project):
    project.pipeline(template(resources=BESIDE))

    [action_type] = (project.output / "custom_action_types").iterdir()
    assert action_type.name == "Build-Jenkins-2.yaml"
    assert yaml.safe_load(action_type.read_text())["configurationProperties"][0]["name"] == "Job"
    [hook] = (project.output / "webhooks").iterdir()
    declared = yaml.safe_load(hook.read_text())["webhook"]
    assert (declared["name"], declared["targetPipeline"]) == ("Hook", "Web")
    assert declared["authenticationConfiguration"] == {"SecretToken": "{{ var.hook_secret_token }}"}


def test_a_custom_action_type_has_the_types_of_the_api(project):
    as_texts = BESIDE.replace("MinimumCount: 0", "MinimumCount: '0'").replace("Key: true", "Key: 'true'")
    project.pipeline(template(resources=as_texts))

    [action_type] = (project.output / "custom_action_types").iterdir()
    data = yaml.safe_load(action_type.read_text())
    assert data["inputArtifactDetails"] == {"minimumCount": 0, "maximumCount": 5}
    assert data["configurationProperties"][0]["key"] is True


TRANSITIONS = {
    "{StageName: Approve, Reason: Frozen}": "the stage 'Approve', which the pipeline has not",
    "{StageName: Approval}": "a StageName and a Reason",
    "Approval": "a StageName and a Reason",
}


@pytest.mark.parametrize(("transition", "reason"), TRANSITIONS.items())
def test_a_disabled_transition_names_a_stage_and_a_reason(transition, reason, project):
    disabled = f"  DisableInboundStageTransitions: [{transition}]\n      Stages:\n"
    report = project.report(template().replace("  Stages:\n", disabled, 1))

    [error] = report.errors
    assert (error.id, error.line > 0, reason in error.message) == ("CI003", True, True)


def test_an_action_type_has_a_version(project):
    [error] = project.report(template().replace(", Version: 1}", "}", 1)).errors

    assert (error.id, error.path) == ("CP103", "stages[0].actions[0].actionTypeId")


def test_tags_are_a_list(project):
    [error] = project.report(
        template().replace("  Stages:\n", "  Tags: {team: web}\n      Stages:\n", 1)
    ).errors

    assert (error.id, error.message) == ("CI003", "Tags is a list of a Key and a Value each.")


def test_a_disabled_transition_is_taken_along(project):
    text = template().replace(
        "  Stages:\n",
        "  DisableInboundStageTransitions: [{StageName: Approval, Reason: Frozen}]\n      Stages:\n",
        1,
    )
    report = project.report(text)

    assert [finding.id for finding in report.pipelines[0].findings] == ["CI108"]
    [request] = (project.output / "disabled_transitions").iterdir()
    assert yaml.safe_load(request.read_text()) == {
        "pipelineName": "Web",
        "stageName": "Approval",
        "transitionType": "Inbound",
        "reason": "Frozen",
    }
