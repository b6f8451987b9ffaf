"""Intrinsic functions, as a deployment would resolve them."""

from __future__ import annotations

import pytest

from unit.importing.conftest import template

PARAMETERS = """\
Parameters:
  Branch: {Type: String, Default: main}
  Zones: {Type: CommaDelimitedList, Default: "a, b,c"}
  Count: {Type: Number, Default: 3}
Mappings:
  Stages:
    dev: {Url: dev.example.org, Ports: [80, 443]}
    prod: {Url: example.org, Ports: [443]}
Conditions:
  IsMain: !Equals [!Ref Branch, main]
  IsOther: !Not [!Condition IsMain]
  Both: !And [!Condition IsMain, !Not [!Condition IsOther]]
  Either: !Or [!Condition IsOther, !Condition IsMain]
"""

KNOWN = {
    "!Ref Branch": "main",
    "!Ref Count": "3",
    "!Sub 'on ${Branch}'": "on main",
    "!Sub 'echo ${!HOME}'": "echo ${HOME}",
    "!Sub ['${A}-${Branch}', {A: !Ref Count}]": "3-main",
    "!Join ['/', [a, !Ref Branch, 1, true]]": "a/main/1/true",
    "!Join ['', !Ref Zones]": "abc",
    "!Select [1, !Ref Zones]": "b",
    "!Select ['2', !Split ['-', x-y-z]]": "z",
    "!FindInMap [Stages, dev, Url]": "dev.example.org",
    "!Select [0, !FindInMap [Stages, prod, Ports]]": "443",
    "!FindInMap [Stages, test, Url, {DefaultValue: none}]": "none",
    "!If [IsMain, yes-it-is, !Ref Missing]": "yes-it-is",
    "!If [Both, !If [Either, a, b], c]": "a",
    "!Base64 hello": "aGVsbG8=",
    "{'Fn::Length': !Ref Zones}": "3",
    "{'Fn::ToJsonString': {a: [1, true, !Ref Branch]}}": '{"a":[1,true,"main"]}',
    "'{{resolve:secretsmanager:db:SecretString:password}}'": (
        "{{resolve:secretsmanager:db:SecretString:password}}"
    ),
    "'{{ not_ours }} {% raw %}'": "{{ not_ours }} {% raw %}",
    "!Sub 'quote \" back \\ slash ${Branch}'": 'quote " back \\ slash main',
}


@pytest.mark.parametrize(("written", "resolved"), KNOWN.items())
def test_what_a_file_tells_is_resolved(written, resolved, project):
    assert project.value(written, before=PARAMETERS) == resolved


UNKNOWN = {
    "!Ref Bucket": '"{{ var.bucket }}"',
    "!GetAtt Role.Arn": '"{{ var.role_arn }}"',
    "!Sub 's3://${Bucket}/${Branch}'": '"s3://{{ var.bucket }}/main"',
    "!Join [':', [arn, !Ref 'AWS::Region']]": '"arn:{{ var.region }}"',
    "!ImportValue shared-bucket": '"{{ var.shared_bucket }}"',
    "!Select [1, !Split ['/', !Sub 'a/${Bucket}/b']]": '"{{ var.bucket }}"',
    "!FindInMap [Stages, !Ref 'AWS::StackName', Url]": '"{{ var.stages_url }}"',
    "!Base64 {Ref: Bucket}": '"{{ var.bucket_base64 }}"',
    "!Sub '{{resolve:ssm:/${Bucket}/key}}'": '"{{resolve:ssm:/{{ var.bucket }}/key}}"',
}
BUCKET = """\
Bucket: {Type: AWS::S3::Bucket}
Role: {Type: AWS::IAM::Role}
"""


@pytest.mark.parametrize(("written", "imported"), UNKNOWN.items())
def test_what_only_a_stack_knows_becomes_a_variable(written, imported, project):
    assert project.text(written, before=PARAMETERS, resources=BUCKET) == imported


LOOKED_UP = {
    "{{resolve:ssm:/web/RoleArn:2}}": "{{ var.role_arn }}",
    "arn:aws:iam::{{resolve:ssm:Account}}:role/x": "arn:aws:iam::{{ var.account }}:role/x",
    "{{resolve:secretsmanager:web:SecretString:Role}}": "{{ var.role }}",
}


@pytest.mark.parametrize(("written", "imported"), LOOKED_UP.items())
def test_a_role_that_the_stack_looks_up_becomes_a_variable(written, imported, project):
    text = template("x").replace("arn:aws:iam::111122223333:role/pipeline", f"'{written}'")

    [pipeline] = project.report(text).pipelines

    assert f'roleArn: "{imported}"' in pipeline.file.read_text()
    assert [piece.was in written for piece in pipeline.unresolved] == [True]


def test_a_resource_whose_name_the_template_says_is_known(project):
    named = "Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub '${Branch}-bucket'}}\n"

    assert project.value("!Ref Bucket", before=PARAMETERS, resources=named) == "main-bucket"


def test_no_value_takes_the_property_away(project):
    assert project.value("!Ref AWS::NoValue") is None


def test_no_value_takes_an_item_away(project):
    data = "!Join ['-', [a, !If [IsOther, b, !Ref 'AWS::NoValue'], c]]"

    assert project.value(data, before=PARAMETERS) == "a-c"


WRONG = {
    "!Ref Branhc": ("CI005", "Did you mean 'Branch'?"),
    "!GetAtt Nothing.Arn": ("CI005", "declares no resource Nothing"),
    "!Sub '${No-Name}'": ("CI004", "cannot substitute"),
    "!FindInMap [Stages, test, Url]": ("CI005", "no value under 'test', 'Url'"),
    "!FindInMap [Stage, dev, Url]": ("CI005", "Did you mean 'Stages'?"),
    "!Select [7, !Ref Zones]": ("CI004", "no item 7"),
    "!If [IsMan, a, b]": ("CI005", "Did you mean 'IsMain'?"),
    "!Joni ['', [a]]": ("CI004", "Did you mean 'Fn::Join'?"),
    "{'Fn::Join': ['', [a]], Other: b}": ("CI004", "must stand alone"),
    "!Ref AWS::Regoin": ("CI005", "Did you mean 'AWS::Region'?"),
    "{'Fn::Transform': {Name: Macro}}": ("CI004", "runs in AWS alone"),
    "null": ("CI006", "null is not allowed"),
    "!Ref [a]": ("CI005", "Ref wants the name"),
    "!Join": ("CI004", "Fn::Join wants"),
    "!Base64 [a]": ("CI004", "A text was expected"),
}


@pytest.mark.parametrize(("written", "said"), WRONG.items())
def test_what_cloudformation_refuses_is_refused_with_its_line(written, said, project):
    report = project.report(template(written, before=PARAMETERS))

    [error] = report.errors
    assert report.pipelines == []
    assert (error.id, error.line) == (said[0], 32)
    assert said[1] in f"{error.message} {error.suggestion}"
    assert error.file.endswith("stack.yaml")


def test_all_errors_are_said_at_once(project):
    text = template("!Ref One").replace("S3ObjectKey: app.zip", "S3ObjectKey: !Ref Two")

    assert {error.message for error in project.report(text).errors} == {
        "The template declares no parameter or resource One.",
        "The template declares no parameter or resource Two.",
    }


def test_a_name_that_refers_to_itself_is_refused(project):
    circle = "Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref Bucket}}\n"

    [error] = project.report(template("!Ref Bucket", resources=circle)).errors

    assert "in a circle" in error.message


def test_a_condition_that_depends_on_itself_is_refused(project):
    before = "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\n"

    [error] = project.report(template("!If [A, x, y]", before=before)).errors

    assert "depends on itself" in error.message


def test_a_condition_on_what_is_unknown_is_decided_and_said(project):
    before = "Conditions: {Here: !Equals [!Ref 'AWS::Region', us-east-1]}\n"
    report = project.report(template("!If [Here, x, y]", before=before))

    [finding] = report.pipelines[0].findings
    assert finding.id == "CI103"
    assert finding.message == "The condition Here holds, assuming AWS::Region = 'us-east-1'."


def test_a_pseudo_parameter_may_be_given(project):
    before = "Conditions: {Here: !Equals [!Ref 'AWS::Region', us-east-1]}\n"
    given = {"AWS::Region": "eu-west-1"}

    assert project.value("!If [Here, x, !Ref 'AWS::Region']", before=before, given=given) == "eu-west-1"
