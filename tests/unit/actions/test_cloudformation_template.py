from __future__ import annotations

import json

import pytest

from airflow_codepipeline.actions.cloudformation_template import (
    INLINE_BYTES,
    parameter_overrides,
    stack_arguments,
    stack_policy,
)
from airflow_codepipeline.errors import ActionError
from fixtures.attempts import ATTEMPT, attempt, reference

FILES = {
    "In::t.yaml": b"Resources: {}",
    "In::p.json": json.dumps({"Size": 3, "Name": "x"}).encode(),
    "In::c.json": json.dumps(
        {"Parameters": {"A": "file", "B": "file"}, "Tags": {"team": "web"}, "StackPolicy": {"Statement": []}}
    ).encode(),
}


@pytest.fixture
def aws(scripted):
    def make(files=None, **configuration: str):
        configuration = {"StackName": "stack", "TemplatePath": "In::t.yaml", **configuration}
        context = attempt("Deploy", "CloudFormation", configuration, inputs=[reference("In")])
        return scripted(context, FILES | (files or {}))

    return make


def overrides(aws, value):
    return parameter_overrides(aws(ParameterOverrides=json.dumps({"P": value})))["P"]


def test_overrides_win_over_the_template_configuration(aws):
    arguments = stack_arguments(
        aws(TemplateConfiguration="In::c.json", ParameterOverrides='{"B": "override"}')
    )
    assert arguments["Parameters"] == [
        {"ParameterKey": "A", "ParameterValue": "file"},
        {"ParameterKey": "B", "ParameterValue": "override"},
    ]
    assert arguments["Tags"] == [{"Key": "team", "Value": "web"}]


def test_the_stack_policy_comes_from_the_template_configuration(aws):
    assert stack_policy(aws(TemplateConfiguration="In::c.json")) == {"StackPolicyBody": '{"Statement":[]}'}
    assert stack_policy(aws()) == {}


@pytest.mark.parametrize(("value", "text"), [("x", "x"), (3, "3"), (1.5, "1.5"), (True, "true")])
def test_scalars_become_strings(aws, value, text):
    assert overrides(aws, value) == text


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("BucketName", "store"),
        ("ObjectKey", "pipeline/In/0000000.zip"),
        ("URL", "https://s3.eu-west-1.amazonaws.com/store/pipeline/In/0000000.zip"),
    ],
)
def test_artifact_attributes_are_where_the_artifact_lies(aws, attribute, value):
    assert overrides(aws, {"Fn::GetArtifactAtt": ["In", attribute]}) == value


def test_a_parameter_is_read_from_a_file_of_an_artifact(aws):
    assert overrides(aws, {"Fn::GetParam": ["In", "p.json", "Name"]}) == "x"
    assert overrides(aws, {"Fn::GetParam": ["In", "p.json", "Size"]}) == "3"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"Fn::GetParam": ["In", "p.json", "Missing"]}, "In::p.json has no key Missing"),
        ({"Fn::GetArtifactAtt": ["In", "Arn"]}, "no attribute Arn. It has BucketName, ObjectKey, URL"),
        ({"Fn::GetArtifactAtt": ["Other", "URL"]}, "no input artifact Other. Its inputs: In"),
        ({"Ref": "X"}, "parameter P must be a string"),
        (["a"], "parameter P must be a string"),
    ],
)
def test_what_cannot_be_resolved_is_refused(aws, value, reason):
    with pytest.raises(ActionError, match=reason):
        overrides(aws, value)


@pytest.mark.parametrize("text", ["{", "[]", '"x"'])
def test_overrides_that_are_no_object_are_refused(aws, text):
    with pytest.raises(ActionError, match="ParameterOverrides cannot be read as JSON"):
        parameter_overrides(aws(ParameterOverrides=text))


@pytest.mark.parametrize("path", ["t.yaml", "In::", "::t.yaml", "In:t.yaml"])
def test_a_path_without_its_artifact_is_refused(aws, path):
    with pytest.raises(ActionError, match="must be ArtifactName::path/of/file"):
        stack_arguments(aws(TemplatePath=path))


def test_a_large_template_is_passed_by_its_address_in_the_store(aws):
    made = aws({"In::t.yaml": b"#" * (INLINE_BYTES + 1)})
    key = f"pipeline/templates/{ATTEMPT}"
    made.script("s3").add_response("put_object", {})
    arguments = stack_arguments(made)
    assert arguments["TemplateURL"] == f"https://s3.eu-west-1.amazonaws.com/store/{key}"
    assert "TemplateBody" not in arguments


def test_a_template_of_exactly_the_limit_is_passed_inline(aws):
    assert len(stack_arguments(aws({"In::t.yaml": b"#" * INLINE_BYTES}))["TemplateBody"]) == INLINE_BYTES


def test_a_template_that_is_no_text_is_refused(aws):
    with pytest.raises(ActionError, match=r"In::t\.yaml is no UTF-8 text"):
        stack_arguments(aws({"In::t.yaml": b"\xff\xfe"}))
