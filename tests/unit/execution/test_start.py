"""What an execution may be started with, and what started it."""

from __future__ import annotations

import re

import pytest

from airflow_codepipeline.definition.model import Action, ActionTypeId, Pipeline, Stage, Variable
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.start import (
    RevisionOverride,
    Start,
    Trigger,
    check_conf,
    check_room,
    check_start,
    check_token,
    trigger_of,
)

DIGEST = f"sha256:{'0' * 64}"


def source(name, provider, owner="AWS", **configuration):
    kind = ActionTypeId(category="Source", owner=owner, provider=provider)
    return Action(name=name, action_type_id=kind, configuration=configuration)


def shop(*variables):
    sources = (
        source("Bucket", "S3", AllowOverrideForS3ObjectKey="true"),
        source("Fixed", "S3"),
        source("Code", "CodeCommit"),
        source("Image", "ECR"),
        source("Own", "Ours", owner="Custom"),
    )
    build = Action(name="Build", action_type_id=ActionTypeId(category="Build", provider="CodeBuild"))
    stages = (Stage(name="Source", actions=sources), Stage(name="Build", actions=(build,)))
    return Pipeline(name="shop", stages=stages, variables=variables)


def given(**values):
    return [{"name": name, "value": value} for name, value in values.items()]


def revision(action, kind, value="x"):
    return {"actionName": action, "revisionType": kind, "revisionValue": value}


def refused(pipeline, variables=(), revisions=()) -> str:
    with pytest.raises(Refusal) as caught:
        check_start(pipeline, variables, list(revisions))
    assert caught.value.code == "ValidationException"
    return caught.value.message


REQUIRED = Variable(name="Region")
OPTIONAL = Variable(name="Size", default_value="small")


def test_values_and_revisions_come_out_as_they_went_in():
    start = check_start(shop(REQUIRED, OPTIONAL), given(Region="eu"), [revision("Code", "COMMIT_ID", "abc")])

    override = RevisionOverride(action_name="Code", revision_type="COMMIT_ID", revision_value="abc")
    assert start == Start(variables={"Region": "eu"}, revisions=(override,))


def test_a_variable_without_default_needs_a_value():
    assert "needs a value for Region" in refused(shop(REQUIRED, OPTIONAL), given(Size="big"))


def test_an_unknown_variable_is_refused_with_those_that_there_are():
    message = refused(shop(REQUIRED, OPTIONAL), given(Region="eu", Sise="big"))

    assert "no variable 'Sise'" in message
    assert "Region, Size" in message
    assert "none" in refused(shop(), given(Any="x"))


@pytest.mark.parametrize(("value", "said"), [("", "0 characters"), ("x" * 1001, "1001 characters"), (7, "7")])
def test_a_value_is_a_text_of_1_to_1000_characters(value, said):
    assert said in refused(shop(OPTIONAL), given(Size=value))
    assert check_start(shop(OPTIONAL), given(Size="x" * 1000), []).variables == {"Size": "x" * 1000}


@pytest.mark.parametrize("default", ["", "x" * 2000])
def test_a_default_may_be_sent_along_as_airflows_form_does(default):
    pipeline = shop(Variable(name="Size", default_value=default))

    assert check_start(pipeline, given(Size=default), []).variables == {"Size": default}


def test_a_variable_is_given_once():
    assert "Size is given twice" in refused(shop(OPTIONAL), [*given(Size="a"), *given(Size="b")])


def test_more_than_50_of_anything_are_refused():
    variables = [Variable(name=f"V{number}", default_value="x") for number in range(51)]

    assert "51" in refused(shop(*variables), given(**{variable.name: "y" for variable in variables}))
    assert "51" in refused(shop(), revisions=[revision("Code", "COMMIT_ID")] * 51)


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("Code", "COMMIT_ID"),
        ("Image", "IMAGE_DIGEST"),
        ("Bucket", "S3_OBJECT_VERSION_ID"),
        ("Bucket", "S3_OBJECT_KEY"),
        ("Fixed", "S3_OBJECT_VERSION_ID"),
        ("Own", "COMMIT_ID"),
        ("Own", "IMAGE_DIGEST"),
    ],
)
def test_a_source_takes_the_revisions_of_its_kind(action, kind):
    [override] = check_start(shop(), [], [revision(action, kind)]).revisions

    assert (override.action_name, override.revision_type) == (action, kind)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (revision("Nobody", "COMMIT_ID"), "The source actions: Bucket, Fixed, Code, Image, Own"),
        (revision("Build", "COMMIT_ID"), "'Build' is no source action"),
        (revision("Code", "IMAGE_DIGEST"), "takes COMMIT_ID, not 'IMAGE_DIGEST'"),
        (revision("Image", "COMMIT_ID"), "takes IMAGE_DIGEST, not 'COMMIT_ID'"),
        (revision("Bucket", "COMMIT_ID"), "takes S3_OBJECT_VERSION_ID or S3_OBJECT_KEY"),
        (revision("Own", "VERSION"), "COMMIT_ID or IMAGE_DIGEST or S3_OBJECT_VERSION_ID or S3_OBJECT_KEY"),
        (revision("Fixed", "S3_OBJECT_KEY"), "Set AllowOverrideForS3ObjectKey to true"),
        (revision("Code", "COMMIT_ID", ""), "1 to 1500 characters"),
        (revision("Code", "COMMIT_ID", "x" * 1501), "1 to 1500 characters"),
        (revision("Code", "COMMIT_ID", 7), "1 to 1500 characters"),
        (revision(["Code"], "COMMIT_ID"), "is no source action"),
        ({"actionName": "Code"}, "exactly actionName, revisionType, revisionValue"),
        (revision("Code", "COMMIT_ID") | {"more": "x"}, "exactly"),
        ("Code", "exactly"),
    ],
)
def test_a_revision_that_cannot_be_taken_is_refused_with_its_place(override, said):
    message = refused(shop(), revisions=[revision("Image", "IMAGE_DIGEST", DIGEST), override])

    assert message.startswith("sourceRevisions[1]")
    assert said in message


def test_a_key_and_a_version_of_an_s3_object_go_together_and_nothing_else_does():
    key, version = revision("Bucket", "S3_OBJECT_KEY"), revision("Bucket", "S3_OBJECT_VERSION_ID")

    assert len(check_start(shop(), [], [key, version]).revisions) == 2
    for pair in (
        [key, key],
        [version, version],
        [key, version, version],
        [revision("Code", "COMMIT_ID")] * 2,
    ):
        assert "more than one revision" in refused(shop(), revisions=pair)


def test_a_conf_is_checked_by_the_same_rules():
    conf = {"Region": "eu", "codepipeline.sourceRevisions": [revision("Code", "COMMIT_ID", "abc")]}

    assert check_conf(shop(REQUIRED), conf) == check_start(
        shop(REQUIRED), given(Region="eu"), [revision("Code", "COMMIT_ID", "abc")]
    )


@pytest.mark.parametrize(
    ("conf", "said"),
    [
        ({"Regio": "eu"}, "no variable 'Regio'"),
        ({"Size": 7}, "must be a text, not 7"),
        ({"codepipeline.sourceRevision": []}, "unknown key 'codepipeline.sourceRevision'"),
        ({"codepipeline.sourceRevisions": "abc"}, "must be a list of"),
        ({"codepipeline.sourceRevisions": {"Code": "abc"}}, "must be a list of"),
        ({"codepipeline.sourceRevisions": [revision("Nobody", "COMMIT_ID")]}, "no source action"),
        ({"codepipeline.trigger": "ada"}, "codepipeline.trigger must be"),
        ({"codepipeline.trigger": {"triggerType": "Magic"}}, "one of CreatePipeline"),
        ({"codepipeline.change": {"author": "ada"}}, "codepipeline.change must be"),
        ({"codepipeline.change": {"author-id": 7}}, "codepipeline.change must be"),
    ],
)
def test_nothing_wrong_in_a_conf_is_passed_over(conf, said):
    with pytest.raises(Refusal, match=re.escape(said)):
        check_conf(shop(OPTIONAL), conf)


@pytest.mark.parametrize("token", ["", "a" * 129, "a b", "ä", "a\n"])
def test_a_token_is_1_to_128_letters_digits_and_hyphens(token):
    with pytest.raises(Refusal, match="clientRequestToken"):
        check_token(token)


@pytest.mark.parametrize("token", [None, "a", "Release-2026-11", "a" * 128])
def test_a_token_may_be_left_out(token):
    check_token(token)


@pytest.mark.parametrize("mode", ["QUEUED", "PARALLEL"])
def test_a_full_pipeline_takes_no_more_executions(mode):
    check_room("shop", mode, under_way=49, limit=50)
    with pytest.raises(Refusal, match="50 executions under way") as caught:
        check_room("shop", mode, under_way=50, limit=50)
    assert caught.value.code == "ConcurrentPipelineExecutionsLimitExceededException"


def test_superseded_executions_are_never_too_many():
    check_room("shop", "SUPERSEDED", under_way=500, limit=50)


@pytest.mark.parametrize(
    ("run_type", "user", "kind", "detail"),
    [
        ("manual", "ada", "StartPipelineExecution", "ada"),
        ("manual", None, "StartPipelineExecution", "Airflow"),
        ("operator_triggered", None, "StartPipelineExecution", "Airflow"),
        ("backfill", "ada", "StartPipelineExecution", "ada (backfill)"),
        ("scheduled", None, "CloudWatchEvent", "Airflow's schedule"),
        ("asset_triggered", None, "CloudWatchEvent", "An asset of Airflow's"),
    ],
)
def test_every_way_of_starting_has_a_trigger(run_type, user, kind, detail):
    assert trigger_of(run_type, {}, user) == Trigger(trigger_type=kind, trigger_detail=detail)


def test_what_the_conf_says_of_the_trigger_counts():
    conf = {"codepipeline.trigger": {"triggerType": "WebhookV2", "triggerDetail": "a" * 2000}}

    assert trigger_of("manual", conf, "ada") == Trigger(trigger_type="WebhookV2", trigger_detail="a" * 1024)


@pytest.mark.parametrize("conf", [None, {}, {"codepipeline.trigger": 7}, {"codepipeline.trigger": {}}])
def test_a_conf_that_says_nothing_of_use_is_passed_over_where_it_is_only_read(conf):
    assert trigger_of("manual", conf, "ada").trigger_detail == "ada"


def test_a_conf_may_say_what_source_actions_say_of_a_change():
    conf = {"codepipeline.sourceVariables": {"Code": {"BranchName": "dev", "PullRequestId": "7"}}}

    assert check_conf(shop(), conf).revisions == ()


@pytest.mark.parametrize(
    "given",
    [
        7,
        {"Nowhere": {"BranchName": "dev"}},
        {"Code": "dev"},
        {"Code": {"CommitId": "a"}},
        {"Code": {"PullRequestId": 7}},
    ],
)
def test_a_conf_that_makes_them_up_is_refused(given):
    with pytest.raises(Refusal, match="sourceVariables must be") as caught:
        check_conf(shop(), {"codepipeline.sourceVariables": given})
    assert caught.value.code == "ValidationException"
