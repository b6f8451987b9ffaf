"""What `terraform show -json` prints."""

from __future__ import annotations

import copy
import json

import pytest

from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.definition.text import LARGEST_BYTES

PIPELINE = {
    "arn": "arn:aws:codepipeline:us-east-1:111122223333:shop",
    "id": "shop",
    "artifact_store": [
        {
            "location": "artifacts",
            "type": "S3",
            "region": "",
            "encryption_key": [{"id": "key", "type": "KMS"}],
        }
    ],
    "execution_mode": "QUEUED",
    "name": "shop",
    "pipeline_type": "V2",
    "role_arn": "arn:aws:iam::111122223333:role/pipeline",
    "stage": [
        {
            "name": "Source",
            "before_entry": [],
            "on_success": [],
            "on_failure": [],
            "action": [
                {
                    "category": "Source",
                    "configuration": {
                        "ConnectionArn": "arn:c",
                        "FullRepositoryId": "me/shop",
                        "BranchName": "main",
                    },
                    "input_artifacts": [],
                    "name": "Code",
                    "namespace": "",
                    "output_artifacts": ["Code"],
                    "owner": "AWS",
                    "provider": "CodeStarSourceConnection",
                    "region": "",
                    "role_arn": "",
                    "run_order": 1,
                    "timeout_in_minutes": None,
                    "version": "1",
                }
            ],
        },
        {
            "name": "Build",
            "on_failure": [
                {"result": "RETRY", "retry_configuration": [{"retry_mode": "ALL_ACTIONS"}], "condition": []}
            ],
            "before_entry": [
                {
                    "condition": [
                        {
                            "result": "FAIL",
                            "rule": [
                                {
                                    "name": "Window",
                                    "rule_type_id": [
                                        {
                                            "category": "Rule",
                                            "owner": "AWS",
                                            "provider": "DeploymentWindow",
                                            "version": "1",
                                        }
                                    ],
                                    "configuration": {"Cron": "0 9 * * ?"},
                                    "input_artifacts": [],
                                }
                            ],
                        }
                    ]
                }
            ],
            "action": [
                {
                    "category": "Build",
                    "configuration": {"ProjectName": "shop"},
                    "input_artifacts": ["Code"],
                    "name": "Build",
                    "output_artifacts": [],
                    "owner": "AWS",
                    "provider": "CodeBuild",
                    "version": "1",
                }
            ],
        },
    ],
    "trigger": [
        {
            "provider_type": "CodeStarSourceConnection",
            "git_configuration": [
                {
                    "source_action_name": "Code",
                    "push": [
                        {"branches": [{"includes": ["main"], "excludes": []}], "file_paths": [], "tags": []}
                    ],
                    "pull_request": [],
                }
            ],
        }
    ],
    "variable": [{"name": "Stage", "default_value": "prod", "description": ""}],
    "tags": {"team": "web"},
    "tags_all": {"team": "web"},
}


def resource(values):
    return {"address": "module.web.aws_codepipeline.shop", "type": "aws_codepipeline", "values": values}


def state(values):
    module = {"child_modules": [{"resources": [resource(values), {"type": "aws_s3_bucket", "values": {}}]}]}
    return json.dumps({"format_version": "1.0", "values": {"root_module": module}})


def test_a_pipeline_of_the_state_is_imported(project):
    pipeline = project.pipeline(state(PIPELINE), "state.json")

    source, build = pipeline.stages
    assert (pipeline.name, pipeline.execution_mode, pipeline.pipeline_type) == ("shop", "QUEUED", "V2")
    assert pipeline.artifact_store.encryption_key.id == "key"
    assert source.actions[0].configuration["FullRepositoryId"] == "me/shop"
    assert [artifact.name for artifact in build.actions[0].input_artifacts] == ["Code"]
    assert build.before_entry.conditions[0].rules[0].configuration == {"Cron": "0 9 * * ?"}
    assert build.on_failure.retry_configuration.retry_mode == "ALL_ACTIONS"
    assert pipeline.triggers[0].git_configuration.push[0].branches.includes == ("main",)
    assert pipeline.variables[0].default_value == "prod"
    assert pipeline.airflow.tags == ("team=web",)


def test_a_state_may_be_larger_than_a_definition(project):
    other = {"type": "aws_iam_policy", "values": {"policy": "x" * LARGEST_BYTES}}
    module = {"resources": [other, resource(PIPELINE)]}

    pipeline = project.pipeline(
        json.dumps({"format_version": "1.0", "values": {"root_module": module}}), "state.json"
    )

    assert pipeline.name == "shop"


def test_what_is_too_large_for_a_state_is_not_read(project):
    with project.file("", "state.json").open("wb") as file:
        file.truncate(32 * 1024**2 + 1)

    [error] = project.run(project.folder / "state.json").errors

    assert (error.id, error.message) == ("CP002", "The file is larger than 32 MiB.")


def test_what_the_provider_writes_for_no_value_is_none(project):
    values = copy.deepcopy(PIPELINE)
    for stage in values["stage"]:
        stage["action"][0].update(timeout_in_minutes=0, region="", role_arn="", namespace="")

    pipeline = project.pipeline(state(values), "state.json")

    [action] = pipeline.stages[0].actions
    assert (action.timeout_in_minutes, action.region, action.role_arn) == (None, None, None)


def test_what_terraform_calls_sensitive_is_never_written(project):
    values = copy.deepcopy(PIPELINE)
    values["stage"][1]["action"][0]["configuration"]["EnvironmentVariables"] = "swordfish"
    marked = resource(values) | {
        "sensitive_values": {"stage": [{}, {"action": [{"configuration": {"EnvironmentVariables": True}}]}]}
    }
    text = json.dumps({"format_version": "1.0", "values": {"root_module": {"resources": [marked]}}})

    [written] = project.report(text, "state.json").pipelines

    assert [piece.secret for piece in written.unresolved] == [True]
    assert [finding.id for finding in written.findings] == ["CI102"]
    assert "swordfish" not in "".join(path.read_text() for path in project.output.rglob("*.yaml"))


def test_what_a_plan_leaves_to_aws_is_left_out(project):
    values = copy.deepcopy(PIPELINE)
    for stage in values["stage"]:
        stage["action"][0].pop("run_order", None)
    unknown = {
        "artifact_store": [{"region": True}],
        "stage": [{"action": [{"run_order": True, "region": True}]}] * 2,
    }
    change = {"address": resource({})["address"], "change": {"after_unknown": unknown}}
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [resource(values)]}},
        "resource_changes": [change],
    }

    [written] = project.report(json.dumps(plan), "plan.json").pipelines

    assert written.unresolved == ()
    assert read_pipeline(written.file).artifact_store.location == "artifacts"


def test_stores_of_several_regions_are_told_apart(project):
    values = copy.deepcopy(PIPELINE)
    values["artifact_store"] = [
        {"location": "here", "type": "S3", "region": "us-east-1", "encryption_key": []},
        {"location": "there", "type": "S3", "region": "eu-west-1", "encryption_key": []},
    ]

    pipeline = project.pipeline(state(values), "state.json")

    assert {region: store.location for region, store in pipeline.artifact_stores.items()} == {
        "us-east-1": "here",
        "eu-west-1": "there",
    }


def test_what_a_plan_does_not_know_yet_becomes_a_variable(project):
    values = copy.deepcopy(PIPELINE)
    del values["role_arn"], values["artifact_store"][0]["location"]
    values["stage"][1]["action"][0]["configuration"] = {}
    unknown = {
        "arn": True,
        "tags": True,
        "role_arn": True,
        "artifact_store": [{"location": True, "encryption_key": [{}]}],
        "stage": [{}, {"action": [{"configuration": {"ProjectName": True}, "input_artifacts": [False]}]}],
    }
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [resource(values)]}},
        "resource_changes": [
            {"address": "module.web.aws_codepipeline.shop", "change": {"after_unknown": unknown}}
        ],
    }

    report = project.report(json.dumps(plan), "plan.json")

    assert report.errors == []
    [written] = report.pipelines
    assert [piece.name for piece in written.unresolved] == [
        "shop_role_arn",
        "shop_artifact_store_location",
        "shop_configuration_project_name",
    ]
    pipeline = read_pipeline(written.file)
    assert pipeline.role_arn == "arn:aws:iam::111122223333:role/shop-role-arn"
    assert pipeline.stages[1].actions[0].configuration == {"ProjectName": "shop-configuration-project-name"}


@pytest.mark.parametrize(
    ("unknown", "path"),
    [
        ({"stage": [{}, {"action": [{"configuration": True}]}]}, "stage[1].action[0].configuration"),
        ({"stage": True}, "stage"),
    ],
)
def test_what_a_plan_knows_nothing_of_is_refused_with_its_place(project, unknown, path):
    plan = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": [resource(copy.deepcopy(PIPELINE))]}},
        "resource_changes": [{"address": resource({})["address"], "change": {"after_unknown": unknown}}],
    }

    report = project.report(json.dumps(plan), "plan.json")

    assert report.pipelines == []
    [error] = [error for error in report.errors if error.id == "CI012"]
    assert f"'{path}' as a whole" in error.message
    assert "state" in error.suggestion
