from __future__ import annotations

import pytest

from airflow_codepipeline.changes.matching import start_of_request, starts_of_change
from airflow_codepipeline.changes.message import read_message
from airflow_codepipeline.definition.model import Action, ActionTypeId, Pipeline, Stage
from airflow_codepipeline.execution.start import Trigger
from fixtures.source_events import (
    COMMIT,
    DIGEST,
    EVENT_ID,
    image_action,
    object_created,
    repository_state,
    text,
)

S3 = {"S3Bucket": "sources", "S3ObjectKey": "web-shop.zip"}
CODECOMMIT = {"RepositoryName": "shop", "BranchName": "main"}
ECR = {"RepositoryName": "base"}
HOME = "arn:aws:iam::111122223333:role/shop"


def source(name, provider, configuration, *, owner="AWS", role=None):
    kind = ActionTypeId(category="Source", owner=owner, provider=provider)
    return Action(name=name, action_type_id=kind, configuration=configuration, role_arn=role)


def pipeline(*actions, name="shop", role=HOME):
    return Pipeline(name=name, role_arn=role, stages=(Stage(name="Source", actions=actions),))


def started(told, *pipelines, region="ca-central-1"):
    return list(starts_of_change(read_message(text(told)), pipelines, lambda _: region))


@pytest.mark.parametrize(
    ("told", "provider", "configuration", "kind", "value"),
    [
        (object_created(), "S3", S3, "S3_OBJECT_VERSION_ID", "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"),
        (repository_state(), "CodeCommit", CODECOMMIT, "COMMIT_ID", COMMIT),
        (image_action(), "ECR", ECR, "IMAGE_DIGEST", DIGEST),
        (image_action(**{"image-tag": "v1"}), "ECR", ECR | {"ImageTag": "v1"}, "IMAGE_DIGEST", DIGEST),
    ],
)
def test_a_change_starts_whoever_takes_it_with_its_revision(told, provider, configuration, kind, value):
    (wanted,) = started(told, pipeline(source("Code", provider, configuration)))

    assert wanted.token == EVENT_ID
    assert wanted.trigger.trigger_type == "CloudWatchEvent"
    assert EVENT_ID in wanted.trigger.trigger_detail
    assert wanted.source_revisions == [{"actionName": "Code", "revisionType": kind, "revisionValue": value}]


@pytest.mark.parametrize(
    ("told", "provider", "configuration"),
    [
        (object_created(), "S3", S3 | {"S3Bucket": "other"}),
        (object_created(key="web-shop.zip.old"), "S3", S3),
        (repository_state(), "CodeCommit", CODECOMMIT | {"BranchName": "release"}),
        (image_action(), "ECR", ECR | {"ImageTag": "v1"}),
        (image_action(), "CodeCommit", CODECOMMIT | {"RepositoryName": "base", "BranchName": "latest"}),
    ],
)
def test_it_does_not_start_who_takes_something_else(told, provider, configuration):
    assert started(told, pipeline(source("Code", provider, configuration))) == []


def test_actions_of_others_that_look_alike_are_not_meant():
    assert started(object_created(), pipeline(source("Code", "S3", S3, owner="Custom"))) == []


def test_every_pipeline_and_every_action_that_takes_it_gets_it_and_the_others_take_what_is_current():
    both = pipeline(
        source("One", "S3", S3), source("Two", "S3", S3), source("Image", "ECR", ECR), name="both"
    )
    alone = pipeline(source("Code", "S3", S3), name="alone")
    other = pipeline(source("Image", "ECR", ECR), name="other")

    wanted = started(object_created(), both, other, alone)

    assert [one.pipeline.name for one in wanted] == ["both", "alone"]
    assert [revision["actionName"] for revision in wanted[0].source_revisions] == ["One", "Two"]


def test_polling_does_not_matter():
    polled = pipeline(source("Code", "S3", S3 | {"PollForSourceChanges": "true"}))

    assert len(started(object_created(), polled)) == 1


def test_an_event_without_a_revision_starts_with_what_is_current():
    told = object_created()
    del told["detail"]["object"]["version-id"]

    (wanted,) = started(told, pipeline(source("Code", "S3", S3)))

    assert wanted.source_revisions == []


@pytest.mark.parametrize(
    ("region", "role", "starts"),
    [
        ("ca-central-1", HOME, True),
        (None, HOME, True),
        ("ca-central-1", None, True),
        ("eu-west-1", HOME, False),
        ("ca-central-1", "arn:aws:iam::999999999999:role/shop", False),
    ],
)
def test_a_repository_is_of_one_region_and_account_as_far_as_they_are_known(region, role, starts):
    shop = pipeline(source("Code", "CodeCommit", CODECOMMIT), role=role)

    assert bool(started(repository_state(), shop, region=region)) is starts


def test_the_actions_role_says_whose_repository_it_is():
    foreign = source("Code", "CodeCommit", CODECOMMIT, role="arn:aws:iam::111122223333:role/reader")

    assert started(repository_state(), pipeline(foreign, role="arn:aws:iam::999999999999:role/shop"))


def test_a_buckets_name_is_the_same_everywhere():
    shop = pipeline(source("Code", "S3", S3), role="arn:aws:iam::999999999999:role/shop")

    assert started(object_created(), shop, region="eu-west-1")


def test_a_request_gives_variables_and_revisions_and_says_what_started_it():
    rule = "arn:aws:events:eu-west-1:111122223333:rule/nightly"
    revision = {"actionName": "Code", "revisionType": "COMMIT_ID", "revisionValue": COMMIT}
    variables = [{"name": "Environment", "value": "prod"}]
    told = {
        "name": "shop",
        "variables": variables,
        "sourceRevisions": [revision],
        "clientRequestToken": EVENT_ID,
        "triggerDetail": rule,
    }
    shop = pipeline(source("Code", "CodeCommit", CODECOMMIT))

    wanted = start_of_request(read_message(text(told)), shop)

    assert wanted.trigger == Trigger(trigger_type="CloudWatchEvent", trigger_detail=rule)
    assert wanted.token == EVENT_ID
    assert (wanted.variables, wanted.source_revisions) == (variables, [revision])
