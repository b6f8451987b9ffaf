"""Parameters: given, by default, unknown, secret."""

from __future__ import annotations

import pytest
import yaml

from airflow_codepipeline.importing.parameters_file import read_parameters
from unit.importing.conftest import template


def variables(project):
    path = project.output / "variables" / "local.yaml"
    return yaml.safe_load(path.read_text()), path.read_text()


def test_a_given_value_beats_the_default(project):
    before = "Parameters: {Branch: {Type: String, Default: main}}\n"

    assert project.value("!Ref Branch", before=before, given={"Branch": "dev"}) == "dev"


def test_a_parameter_without_a_value_becomes_a_variable(project):
    before = "Parameters: {WebBranch: {Type: String}}\n"

    assert project.text("!Ref WebBranch", before=before) == '"{{ var.web_branch }}"'
    values, text = variables(project)
    assert values == {"web_branch": "web-branch"}
    assert "# Parameter WebBranch in stack.yaml" in text


def test_the_first_allowed_value_is_assumed(project):
    before = "Parameters: {Size: {Type: String, AllowedValues: [big, small]}}\n"

    assert project.value("!Ref Size", before=before) == "big"


def test_a_value_that_a_condition_compares_with_is_assumed(project):
    before = """\
    Parameters: {Source: {Type: String}}
    Conditions:
      Given: !Not [!Equals [!Ref Source, ""]]
      IsHub: !And [!Condition Given, !Equals [hub, !Ref Source]]
    """
    assert project.value("!If [IsHub, !Ref Source, none]", before=before) == "hub"


def test_a_value_that_is_not_allowed_is_refused(project):
    before = "Parameters: {Size: {Type: String, AllowedValues: [big, small]}}\n"

    [error] = project.report(template("!Ref Size", before=before), Size="huge").errors

    assert error.message == "The parameter Size does not allow 'huge'."
    assert error.suggestion == "Allowed: big, small."


def test_a_value_that_is_not_allowed_is_told_once_however_often_it_is_used(project):
    before = "Parameters: {Size: {Type: String, Default: small, AllowedValues: [big, small]}}\n"
    other = """\
        Other:
          Type: AWS::CodePipeline::Pipeline
          Properties: {Name: !Ref Size}
    """

    errors = project.report(template("!Ref Size", before=before, resources=other), Size="huge").errors

    assert [error.message for error in errors].count("The parameter Size does not allow 'huge'.") == 1


def test_a_parameter_that_no_template_declares_is_refused(project):
    before = "Parameters: {Branch: {Type: String, Default: main}}\n"

    [error] = project.report(template("!Ref Branch", before=before), Brunch="dev").errors

    assert (error.id, error.file, error.suggestion) == ("CI007", "parameters", "Did you mean 'Branch'?")


@pytest.mark.parametrize("given", [{}, {"Token": "hunter2"}])
def test_a_secret_parameter_is_never_written(given, project):
    before = "Parameters: {Token: {Type: String, NoEcho: true, Default: swordfish}}\n"

    assert project.value("!Ref Token", before=before, given=given) == "CHANGE-ME"
    written = "".join(path.read_text() for path in project.output.rglob("*.yaml"))
    assert "hunter2" not in written
    assert "swordfish" not in written


def test_a_parameter_of_the_parameter_store_is_known_to_the_stack_alone(project):
    before = "Parameters: {Image: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /web/image}}\n"

    assert project.text("!Ref Image", before=before) == '"{{ var.image }}"'
    assert "# Parameter Image = SSM parameter /web/image in stack.yaml" in variables(project)[1]


def test_a_lookup_that_the_cdk_makes_is_called_as_what_it_looks_up(project):
    name = "SsmParameterValuewebimageC96584B6F00A464EAD1953AFF4B05118Parameter"
    before = f"Parameters: {{{name}: {{Type: 'AWS::SSM::Parameter::Value<String>', Default: /web/image}}}}\n"

    assert project.text(f"!Ref {name}", before=before) == '"{{ var.web_image }}"'


def test_a_role_that_is_unknown_is_assumed_to_be_one(project):
    text = template("x", before="Parameters: {Runner: {Type: String}}\n")
    text = text.replace("arn:aws:iam::111122223333:role/pipeline", "!Ref Runner")

    assert project.pipeline(text).role_arn == "arn:aws:iam::111122223333:role/runner"


def test_a_run_order_that_is_unknown_is_assumed_to_be_a_number(project):
    text = template("x", before="Parameters: {Order: {Type: String}}\n")
    text = text.replace("- Name: Approve\n", "- Name: Approve\n              RunOrder: !Ref Order\n")

    assert project.pipeline(text).stages[1].actions[0].run_order == 1


PLACES = {
    "a version": ("Provider: Manual, Version: 1", "Provider: Manual, Version: !Ref Given", "1"),
    "an owner": ("Owner: AWS, Provider: Manual", "Owner: !Ref Given, Provider: Manual", "AWS"),
    "a listed value": (
        "S3ObjectKey: app.zip}",
        "S3ObjectKey: app.zip, PollForSourceChanges: !Ref Given}",
        "true",
    ),
    "an account": ("111122223333:role", "${Given}:role", "111122223333"),
    "an account of a partition": (
        "arn:aws:iam::111122223333:role",
        "arn:${AWS::Partition}:iam::${Given}:role",
        "111122223333",
    ),
    "a bucket": ("Location: artifacts", "Location: !Ref Given", "given"),
    "a mode": ("Properties:\n", "Properties:\n      ExecutionMode: !Ref Given\n", "PARALLEL"),
}


@pytest.mark.parametrize(("before", "after", "assumed"), PLACES.values(), ids=PLACES)
def test_what_is_assumed_is_right_where_it_stands(before, after, assumed, project):
    text = template("x", before="Parameters: {Given: {Type: String}}\n")
    text = text.replace(before, after, 1).replace("RoleArn: arn", "RoleArn: !Sub arn")

    report = project.report(text)

    assert report.errors == []
    assert [piece.assumed for piece in report.pipelines[0].unresolved if piece.name == "given"] == [assumed]


def test_a_name_made_of_a_long_file_name_is_not_too_long(project):
    text = template("x").replace("Location: artifacts", "Location: !Sub '${AWS::StackName}-artifacts'")

    report = project.report(text, f"{'service-' * 8}.yaml")

    assert report.pipelines[0].findings == ()


FILES = {
    "list.json": '[{"ParameterKey": "A", "ParameterValue": "1"}, '
    '{"ParameterKey": "B", "ParameterValue": "x"}]',
    "plain.json": '{"A": 1, "B": "x"}',
    "configuration.json": '{"Parameters": {"A": "1", "B": "x"}, "Tags": {"t": "u"}}',
    "pairs.json": '["A=1", "B=x"]',
    "plain.yaml": "A: 1\nB: x\n",
}


@pytest.mark.parametrize(("name", "text"), FILES.items())
def test_a_parameters_file_may_have_any_form_that_aws_takes(name, text, tmp_path):
    path = tmp_path / name
    path.write_text(text)

    assert read_parameters(path) == {"A": "1", "B": "x"}
