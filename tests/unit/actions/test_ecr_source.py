from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from airflow_codepipeline.actions.base import Job, SourceRevision
from airflow_codepipeline.actions.ecr_source import EcrSource
from airflow_codepipeline.errors import ActionError
from fixtures.attempts import attempt

PUSHED = datetime(2024, 1, 21, 20, 4, tzinfo=UTC)
NEW, OLD = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def image(digest, *tags, at=PUSHED):
    return {
        "registryId": "111122223333",
        "repositoryName": "shop/app",
        "imageDigest": digest,
        "imageTags": list(tags),
        "imageSizeInBytes": 44728918,
        "imagePushedAt": at,
    }


def source(**more):
    configuration = {"RepositoryName": "shop/app"} | more.pop("configuration", {})
    return attempt("Source", "ECR", configuration, outputs=["Out"], **more)


def script(aws, *images, **asked):
    parameters = {"repositoryName": "shop/app"} | ({"imageIds": [asked]} if asked else {})
    aws.script("ecr").add_response("describe_images", {"imageDetails": list(images)}, parameters)


def test_the_tag_is_latest_unless_the_action_says_otherwise(scripted):
    aws = scripted(source())
    script(aws, image(NEW, "latest"), imageTag="latest")
    assert EcrSource().start(aws).data == {"digest": NEW}
    aws = scripted(source(configuration={"ImageTag": "v1"}))
    script(aws, image(OLD, "v1"), imageTag="v1")
    assert EcrSource().start(aws).external_execution_id == OLD


def test_the_file_and_the_variables_are_as_aws_writes_them(scripted):
    aws = scripted(source())
    script(aws, image(NEW, "latest", "v2"), imageDigest=NEW)
    outputs = EcrSource().outputs(aws, Job(external_execution_id=NEW, data={"digest": NEW}))
    uri = f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/app@{NEW}"
    assert json.loads(aws.written[0]["imageDetail.json"]) == {
        "ImageSizeInBytes": "44728918",
        "ImageDigest": NEW,
        "Version": "1.0",
        "ImagePushedAt": "Sun Jan 21 20:04:00 UTC 2024",
        "RegistryId": "111122223333",
        "RepositoryName": "shop/app",
        "ImageURI": uri,
        "ImageTags": ["latest", "v2"],
    }
    assert outputs.variables == {
        "ImageDigest": NEW,
        "ImageTag": "latest",
        "ImageURI": uri,
        "RegistryId": "111122223333",
        "RepositoryName": "shop/app",
    }


def test_a_backfill_takes_the_image_that_was_pushed_last_by_then(scripted):
    aws = scripted(source(as_of=datetime(2024, 1, 22, tzinfo=UTC)))
    script(aws, image(OLD, at=PUSHED), image(NEW, "latest", at=datetime(2024, 2, 1, tzinfo=UTC)))
    assert EcrSource().start(aws).data == {"digest": OLD}


def test_a_backfill_takes_the_image_of_a_tag_only_if_it_was_pushed_by_then(scripted):
    tagged = source(as_of=datetime(2024, 1, 22, tzinfo=UTC), configuration={"ImageTag": "v1"})
    aws = scripted(tagged)
    script(aws, image(OLD, "v1", at=PUSHED), imageTag="v1")
    assert EcrSource().start(aws).data == {"digest": OLD}

    aws = scripted(tagged)
    script(aws, image(NEW, "v1", at=datetime(2024, 2, 1, tzinfo=UTC)), imageTag="v1")
    with pytest.raises(ActionError, match=r"The image v1 .* was pushed after 2024-01-22.* Name it"):
        EcrSource().start(aws)


@pytest.mark.parametrize(
    "revision",
    [
        SourceRevision(type="COMMIT_ID", value=NEW),
        SourceRevision(type="IMAGE_DIGEST", value="latest"),
    ],
)
def test_an_override_is_a_digest(scripted, revision):
    with pytest.raises(ActionError, match="revisions of type IMAGE_DIGEST, sha256"):
        EcrSource().start(scripted(source(source_revisions=(revision,))))


def test_an_image_that_is_gone_is_unavailable(scripted):
    aws = scripted(source())
    aws.script("ecr").add_client_error("describe_images", "ImageNotFoundException")
    with pytest.raises(
        ActionError, match="RevisionUnavailable: The ECR repository shop/app has no image latest"
    ):
        EcrSource().start(aws)
