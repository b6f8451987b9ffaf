"""A template with what its deployed stack knows: the definition stays, the variables file is filled."""

from __future__ import annotations

import pytest
import yaml

from airflow_codepipeline.importing.imports import import_files
from unit.importing.conftest import template

ACCOUNT = "222233334444"
STACK_ID = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/shop-prod/0c3f"


def stack(*, parameters=None, resources=None, outputs=None, exports=None, nested=None, **more):
    """What AWS says of a stack."""
    described = {
        "StackId": STACK_ID,
        "StackName": "shop-prod",
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in (parameters or {}).items()
        ],
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in (outputs or {}).items()],
    }
    listed = [
        {"LogicalResourceId": name, "ResourceType": kind, "PhysicalResourceId": physical_id}
        for name, (kind, physical_id) in (resources or {}).items()
    ]
    return {
        "stack": described | more,
        "template": "",
        "resources": listed,
        "nested": nested or {},
        "exports": [{"Name": key, "Value": value} for key, value in (exports or {}).items()],
        "refused": [],
    }


class Deployed:
    """Imports of one project, with and without a stack."""

    def __init__(self, project) -> None:
        self.project = project

    def report(self, text, known=None, environment="local", **given):
        file = self.project.file(text)
        return import_files(
            [file], output=self.project.output, environment=environment, given=given, stack=known
        )

    def values(self, environment="local"):
        path = self.project.output / "variables" / f"{environment}.yaml"
        return yaml.safe_load(path.read_text()) if path.exists() else {}

    def definition(self):
        [path] = (self.project.output / "pipelines").iterdir()
        return path.read_text()

    def line(self):
        [line] = [line for line in self.definition().splitlines() if "CustomData:" in line]
        return line.partition("CustomData:")[2].strip()


@pytest.fixture
def deployed(project):
    return Deployed(project)


BUCKET = "Bucket: {Type: AWS::S3::Bucket}\n"
ROLE = "Role: {Type: AWS::IAM::Role, Properties: {Path: /delivery/}}\n"


def test_the_definition_is_the_same_and_the_variables_file_has_the_physical_id(deployed):
    text = template("!Ref Bucket", resources=BUCKET)
    known = stack(resources={"Bucket": ("AWS::S3::Bucket", "shop-prod-bucket-1x")})

    before = deployed.report(text, environment="dev")
    definition = deployed.definition()
    report = deployed.report(text, known, environment="prod")

    assert deployed.definition() == definition
    assert deployed.values("dev") == {"bucket": "bucket"}
    assert deployed.values("prod") == {"bucket": "shop-prod-bucket-1x"}
    assert [len(written.unresolved) for written in (*before.pipelines, *report.pipelines)] == [1, 0]
    comment = "# !Ref Bucket (AWS::S3::Bucket) in stack.yaml"
    assert comment in (deployed.project.output / "variables" / "prod.yaml").read_text()


ATTRIBUTES = {
    "Role.Arn": ("AWS::IAM::Role", "shop-role", f"arn:aws:iam::{ACCOUNT}:role/delivery/shop-role"),
    "Bucket.Arn": ("AWS::S3::Bucket", "shop-bucket", "arn:aws:s3:::shop-bucket"),
    "Build.Arn": (
        "AWS::CodeBuild::Project",
        "build",
        f"arn:aws:codebuild:eu-west-1:{ACCOUNT}:project/build",
    ),
    "Call.Arn": ("AWS::Lambda::Function", "call", f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:call"),
    "Topic.TopicArn": ("AWS::SNS::Topic", f"arn:aws:sns:eu-west-1:{ACCOUNT}:t", None),
    "Topic.TopicName": ("AWS::SNS::Topic", f"arn:aws:sns:eu-west-1:{ACCOUNT}:t", "t"),
    "Key.Arn": ("AWS::KMS::Key", "0c-3f", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/0c-3f"),
    "Queue.Arn": (
        "AWS::SQS::Queue",
        f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/jobs",
        f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs",
    ),
    "Images.RepositoryUri": (
        "AWS::ECR::Repository",
        "shop",
        f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/shop",
    ),
    "Code.ConnectionArn": ("AWS::CodeConnections::Connection", "arn:aws:codeconnections:x:1:c/2", None),
}


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_an_attribute_follows_from_the_physical_id(attribute, deployed):
    name = attribute.partition(".")[0]
    kind, physical_id, value = ATTRIBUTES[attribute]
    resources = ROLE if name == "Role" else f"{name}: {{Type: {kind}}}\n"

    deployed.report(
        template(f"!GetAtt {attribute}", resources=resources), stack(resources={name: (kind, physical_id)})
    )

    assert list(deployed.values().values()) == [value or physical_id]


def test_a_path_that_nobody_knows_leaves_the_arn_unknown(deployed):
    role = "Role: {Type: AWS::IAM::Role, Properties: {Path: !ImportValue path}}\n"

    report = deployed.report(
        template("!GetAtt Role.Arn", resources=role), stack(resources={"Role": ("AWS::IAM::Role", "r")})
    )

    assert [piece.name for piece in report.pipelines[0].unresolved] == ["role_arn"]


def test_an_output_of_the_stack_tells_an_attribute_that_no_id_tells(deployed):
    text = template("!GetAtt Site.DomainName", resources="Site: {Type: AWS::CloudFront::Distribution}\n")
    known = stack(
        resources={"Site": ("AWS::CloudFront::Distribution", "E1")}, outputs={"Url": "d1.cloudfront.net"}
    )

    report = deployed.report(text, known)
    assert [piece.value for piece in report.pipelines[0].unresolved] == ["site"]

    deployed.report(text + "Outputs: {Url: {Value: !GetAtt Site.DomainName}}\n", known)
    assert deployed.values() == {"site_domain_name": "d1.cloudfront.net"}


def test_outputs_of_a_nested_stack_are_known(deployed):
    inner = "arn:aws:cloudformation:eu-west-1:222233334444:stack/inner/1"
    known = stack(
        resources={"Network": ("AWS::CloudFormation::Stack", inner)},
        nested={inner: [{"OutputKey": "Vpc", "OutputValue": "vpc-1"}]},
    )

    deployed.report(
        template("!GetAtt Network.Outputs.Vpc", resources="Network: {Type: AWS::CloudFormation::Stack}\n"),
        known,
    )

    assert list(deployed.values().values()) == ["vpc-1"]


def test_pseudo_parameters_are_those_of_the_stack(deployed):
    names = ("AccountId", "Region", "Partition", "URLSuffix", "StackName", "StackId")
    text = " ".join(f"${{AWS::{name}}}" for name in names)

    report = deployed.report(template(f'!Sub "{text}"'), stack())

    assert report.pipelines[0].unresolved == ()
    assert list(deployed.values().values()) == [
        ACCOUNT, "eu-west-1", "aws", "amazonaws.com", "shop-prod", STACK_ID,
    ]  # fmt: skip


PARAMETERS = """\
Parameters:
  Stage: {Type: String, Default: dev}
  Zones: {Type: CommaDelimitedList, Default: a}
  Token: {Type: String, NoEcho: true}
  Login: {Type: String}
  Image: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /image}
"""


def test_parameters_take_the_values_of_the_stack_as_variables(deployed):
    text = template("!Sub '${Stage} ${Login} ${Image}'", before=PARAMETERS)
    known = stack(parameters={"Stage": "prod", "Login": "me", "Image": "/image", "Gone": "x"})
    known["stack"]["Parameters"][2]["ResolvedValue"] = "ami-1"

    report = deployed.report(text, known)

    assert deployed.line() == '"{{ var.stage }} {{ var.login }} {{ var.image }}"'
    assert deployed.values() == {"stage": "prod", "login": "me", "image": "ami-1"}
    assert (report.errors, report.notes) == ([], [])


def test_a_parameter_that_is_given_is_put_into_the_definition(deployed):
    text = template("!Ref Stage", before=PARAMETERS)

    deployed.report(text, stack(parameters={"Stage": "prod"}), Stage="test")

    assert deployed.line() == "test"


def test_a_list_has_a_variable_for_each_item(deployed):
    text = template("!Select [1, !Ref Zones]", before=PARAMETERS)

    deployed.report(text, stack(parameters={"Zones": "x, y"}))

    assert deployed.values() == {"zones_1": "y"}


SECRETS = {"Token": "****", "Login": "ghp_" + "a" * 36}


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_of_the_stack_stays_a_variable_to_fill_in(name, deployed):
    report = deployed.report(template(f"!Ref {name}", before=PARAMETERS), stack(parameters=SECRETS))

    assert list(deployed.values().values()) == ["CHANGE-ME"]
    assert [piece.secret for piece in report.pipelines[0].unresolved] == [True]


PLACES = [
    '\'{"DB_PASSWORD": "${Login}"}\'',
    '\'[{"name": "DB_PASSWORD", "value": "${Login}", "type": "PLAINTEXT"}]\'',
]


@pytest.mark.parametrize("json_text", PLACES)
def test_what_stands_where_secrets_stand_is_one(json_text, deployed):
    text = template("!Sub JSON", before=PARAMETERS).replace("CustomData", "EnvironmentVariables")

    deployed.report(text.replace("JSON", json_text), stack(parameters={"Login": "hunter2"}))

    assert deployed.values() == {"login": "CHANGE-ME"}
    assert "{{ var.login }}" in deployed.definition()


def test_a_condition_is_decided_by_the_stack_and_needs_no_warning(deployed):
    before = PARAMETERS + "Conditions:\n  IsProd: !Equals [!Ref Login, me]\n"
    text = template("!If [IsProd, ours, theirs]", before=before)

    assumed = deployed.report(text)
    known = deployed.report(text, stack(parameters={"Login": "me"}))

    assert [finding.id for finding in assumed.pipelines[0].findings] == ["CI103"]
    assert known.pipelines[0].findings == ()
    assert deployed.line() == "ours"


def test_a_mapping_is_read_with_the_region_of_the_stack(deployed):
    before = "Mappings:\n  Images:\n    us-east-1: {Build: one}\n    eu-west-1: {Build: two}\n"
    text = template("!FindInMap [Images, !Ref AWS::Region, Build]", before=before)

    deployed.report(text, stack())

    assert deployed.line() == '"{{ var.images_build }}"'
    assert deployed.values() == {"images_build": "two"}


def test_parts_of_a_known_value_are_known(deployed):
    text = template("!Select [1, !Split ['-', !Ref Bucket]]", resources=BUCKET)

    deployed.report(text, stack(resources={"Bucket": ("AWS::S3::Bucket", "shop-artifacts")}))

    assert deployed.values() == {"bucket_part_2": "artifacts"}


def test_an_export_is_known_by_a_name_that_is_known(deployed):
    text = template("!ImportValue {'Fn::Sub': '${AWS::StackName}-role'}")

    report = deployed.report(text, stack(exports={"shop-prod-role": "arn:aws:iam::1:role/r"}))

    assert report.pipelines[0].unresolved == ()
    assert list(deployed.values().values()) == ["arn:aws:iam::1:role/r"]


def test_a_name_that_the_stack_knows_is_no_guess(deployed):
    report = deployed.report(template(name="!Sub '${AWS::StackName}-web'"), stack())

    assert [written.name for written in report.pipelines] == ["shop-prod-web"]
    assert report.pipelines[0].findings == ()


def test_a_value_that_an_import_assumed_is_replaced_one_that_was_written_is_kept(deployed):
    text = template("!Sub '${Bucket} ${AWS::Region}'", resources=BUCKET)
    known = stack(resources={"Bucket": ("AWS::S3::Bucket", "shop-bucket")})
    deployed.report(text)
    path = deployed.project.output / "variables" / "local.yaml"
    path.write_text(path.read_text().replace('"us-east-1"', '"sa-east-1"') + "own: 1\n")

    report = deployed.report(text, known)

    assert deployed.values() == {"bucket": "shop-bucket", "region": "sa-east-1", "own": 1}
    [note] = report.notes
    assert (note.id, note.file) == ("CI110", str(path))
    assert "region is 'eu-west-1'" in note.message
    again = path.read_text()
    deployed.report(text, known)
    assert path.read_text() == again


def test_the_template_of_the_stack_is_read_where_there_is_no_file(project):
    known = stack(resources={"Bucket": ("AWS::S3::Bucket", "shop-bucket")})
    known["template"] = template("!Ref Bucket", resources=BUCKET)

    report = import_files([], output=project.output, stack=known)

    assert [written.name for written in report.pipelines] == ["Web"]
    values = (project.output / "variables" / "local.yaml").read_text()
    assert 'bucket: "shop-bucket"  # !Ref Bucket (AWS::S3::Bucket) in stack shop-prod' in values


def test_what_the_stack_does_not_have_stays_a_variable(deployed):
    report = deployed.report(template("!Ref Bucket", resources=BUCKET), stack())

    assert [(piece.name, piece.value) for piece in report.pipelines[0].unresolved] == [("bucket", "bucket")]
