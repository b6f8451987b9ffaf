"""What configurations refer to, looked up in an AWS that answers over HTTP."""

from __future__ import annotations

import json
import uuid

import pytest

from airflow_codepipeline.actions.regional import with_regional_inputs
from airflow_codepipeline.actions.registry import open_for_provider, open_session
from airflow_codepipeline.errors import ActionError
from fixtures.world import carry_out

pytestmark = pytest.mark.slow


@pytest.fixture
def secret(world) -> dict[str, str]:
    """A secret of two versions, and its texts."""
    manager, name = world.client("secretsmanager"), f"shop/{uuid.uuid4().hex[:8]}"
    made = manager.create_secret(Name=name, SecretString=json.dumps({"token": "first", "port": 1}))
    manager.put_secret_value(SecretId=name, SecretString=json.dumps({"token": "second", "port": 2}))
    return {"name": name, "arn": made["ARN"], "first": made["VersionId"]}


@pytest.fixture
def parameter(world) -> str:
    """A parameter of two versions, the second of which names the source's bucket."""
    ssm, name = world.client("ssm"), f"/shop/{uuid.uuid4().hex[:8]}"
    ssm.put_parameter(Name=name, Type="String", Value="before")
    ssm.put_parameter(Name=name, Type="String", Value=world.source, Overwrite=True)
    return name


def configuration_of(world, value, kind="Build/CodeBuild"):
    return open_for_provider(world.attempt(kind, {"Key": value})).context.action.configuration["Key"]


def test_an_action_works_with_what_its_configuration_refers_to(world, parameter):
    version = world.s3.put_object(Bucket=world.source, Key="app.zip", Body=b"x")["VersionId"]
    bucket = f"{{{{resolve:ssm:{parameter}}}}}"
    attempt = world.attempt("Source/S3", {"S3Bucket": bucket, "S3ObjectKey": "app.zip"}, outputs=("S",))

    assert carry_out(attempt).variables["VersionId"] == version


@pytest.mark.parametrize(
    ("options", "value"),
    [
        (":SecretString:token", "second"),
        (":SecretString:token::", "second"),
        (":SecretString:port", "2"),
        (":SecretString:token:AWSPREVIOUS", "first"),
        (":SecretString:token::{first}", "first"),
        ("", '{{"token": "second", "port": 2}}'),
    ],
)
@pytest.mark.parametrize("by", ["name", "arn"])
def test_a_secret_is_looked_up(world, secret, by, options, value):
    reference = "{{resolve:secretsmanager:" + secret[by] + options.format(**secret) + "}}"

    assert configuration_of(world, f"<{reference}>") == f"<{value.format()}>"


def test_parameters_are_looked_up_each_in_its_version(world, parameter):
    secure = f"{parameter}/secure"
    world.client("ssm").put_parameter(Name=secure, Type="SecureString", Value="hush")
    text = f"{{{{resolve:ssm:{parameter}:1}}}} {{{{resolve:ssm-secure:{secure}}}}}"

    assert configuration_of(world, text) == "before hush"


def test_what_is_stored_of_an_attempt_has_the_reference(world, parameter):
    reference = f"{{{{resolve:ssm:{parameter}}}}}"
    attempt = world.attempt("Build/CodeBuild", {"Key": reference})

    kept = with_regional_inputs(open_session(attempt))

    assert kept.action.configuration["Key"] == reference


def test_what_a_variable_brings_is_a_text(world, secret):
    """Who may start an execution may give its variables, and is not to read secrets by them."""
    name = f"{{{{resolve:secretsmanager:{secret['name']}:SecretString:port}}}}"
    brought = f"{{{{resolve:secretsmanager:{secret['name']}:SecretString:token}}}}"
    attempt = world.attempt(
        "Build/CodeBuild", {"Key": f"{name} {brought}", "Other": name}, references={"Key": (name,)}
    )

    looked_up = open_for_provider(attempt).context.action.configuration

    assert looked_up == {"Key": f"2 {brought}", "Other": name}


def test_cloudformation_looks_references_up_itself(world, secret):
    reference = f"{{{{resolve:secretsmanager:{secret['name']}}}}}"

    assert configuration_of(world, reference, "Deploy/CloudFormation") == reference


@pytest.mark.parametrize(
    "text",
    ["{{resolve:}}", "{{resolve:ssm}}", "{{resolve:s3:x}}", "{{resolve:secretsmanager:x:SecretBinary:y}}"],
)
def test_what_is_no_reference_is_refused_with_what_one_is(world, text):
    with pytest.raises(ActionError, match=r"Key has .*, which is no reference. It must be \{\{"):
        configuration_of(world, text)


def test_a_key_that_the_secret_has_not_is_named_and_nothing_of_the_secret(world, secret):
    reference = f"{{{{resolve:secretsmanager:{secret['name']}:SecretString:password}}}}"

    with pytest.raises(ActionError, match="that secret has no key password") as raised:
        configuration_of(world, reference)

    assert "second" not in str(raised.value)


def test_a_parameter_that_is_not_there_fails_the_action_with_the_code_of_aws(world):
    with pytest.raises(ActionError, match="ParameterNotFound"):
        configuration_of(world, "{{resolve:ssm:/nowhere}}")
