from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from airflow_codepipeline.changes.change import Change, Nothing, Revision, UnreadableMessageError
from airflow_codepipeline.changes.message import read_message
from airflow_codepipeline.changes.request import GivenRevision, GivenVariable, StartRequest
from fixtures.source_events import (
    COMMIT,
    DIGEST,
    EVENT_ID,
    call_of_s3,
    event,
    image_action,
    object_created,
    repository_state,
    text,
)


def change(provider, container, item, revision, **more) -> Change:
    return Change(
        event_id=EVENT_ID,
        provider=provider,
        container=container,
        item=item,
        revision=revision,
        time=datetime(2026, 11, 12, tzinfo=UTC),
        region="ca-central-1",
        account="111122223333",
        **more,
    )


def version(value: str) -> Revision:
    return Revision(type="S3_OBJECT_VERSION_ID", value=value)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            object_created(),
            change(
                "S3",
                "sources",
                "web-shop.zip",
                version("IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"),
                sequencer="00617F08299329D189",
            ),
        ),
        (call_of_s3(), change("S3", "sources", "web-shop.zip", version("v7"))),
        (call_of_s3("CopyObject"), change("S3", "sources", "web-shop.zip", version("v7"))),
        (call_of_s3("CompleteMultipartUpload"), change("S3", "sources", "web-shop.zip", version("v7"))),
        (call_of_s3(responseElements=None), change("S3", "sources", "web-shop.zip", None)),
        (
            repository_state(),
            change("CodeCommit", "shop", "main", Revision(type="COMMIT_ID", value=COMMIT)),
        ),
        (
            repository_state(event="referenceCreated", referenceName="feature/a"),
            change("CodeCommit", "shop", "feature/a", Revision(type="COMMIT_ID", value=COMMIT)),
        ),
        (image_action(), change("ECR", "base", "latest", Revision(type="IMAGE_DIGEST", value=DIGEST))),
    ],
    ids=["s3", "put", "copy", "multipart", "no-version", "push", "new-branch", "image"],
)
def test_an_event_of_a_source_is_a_change(told, expected):
    assert read_message(text(told)) == expected


def test_an_object_of_a_bucket_without_versions_changes_without_a_revision():
    told = object_created()
    del told["detail"]["object"]["version-id"]

    assert read_message(text(told)).revision is None


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (event("aws.s3", "Object Deleted", {}), "'Object Deleted' is no change of a source"),
        (call_of_s3("DeleteObject"), "the call DeleteObject wrote no object"),
        (
            call_of_s3(errorCode="AccessDenied", requestParameters=None),
            r"the call PutObject \(AccessDenied\) wrote no object",
        ),
        (repository_state(event="referenceDeleted"), "referenceDeleted of the branch main"),
        (repository_state(referenceType="tag", referenceName="v1"), "referenceUpdated of the tag v1"),
        (image_action(result="FAILURE"), "PUSH FAILURE of an image latest"),
        (image_action(**{"action-type": "DELETE"}), "DELETE SUCCESS of an image latest"),
        (image_action(**{"image-tag": ""}), "PUSH SUCCESS of an image without tag"),
    ],
)
def test_an_event_that_brings_no_revision_starts_nothing_and_says_why(told, reason):
    found = read_message(text(told))

    assert isinstance(found, Nothing)
    assert found.event_id == EVENT_ID
    assert re.fullmatch(reason, found.reason)


def test_a_rule_with_an_input_transformer_asks_for_a_pipeline():
    told = {
        "name": "web-shop",
        "variables": [{"name": "Environment", "value": "prod"}],
        "sourceRevisions": [
            {"actionName": "Code", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": "v7"}
        ],
        "clientRequestToken": EVENT_ID,
        "triggerDetail": "arn:aws:events:eu-west-1:111122223333:rule/nightly",
    }

    assert read_message(text(told)) == StartRequest(
        name="web-shop",
        variables=(GivenVariable(name="Environment", value="prod"),),
        source_revisions=(
            GivenRevision(action_name="Code", revision_type="S3_OBJECT_VERSION_ID", revision_value="v7"),
        ),
        client_request_token=EVENT_ID,
        trigger_detail="arn:aws:events:eu-west-1:111122223333:rule/nightly",
    )


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ("no json", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no JSON object"),
        (text({"pipeline": "web-shop"}), r"missing required field `name`|unknown field `pipeline`"),
        (text({"name": "web-shop", "variable": []}), "unknown field `variable`"),
        (text({"name": "web-shop", "variables": [{"name": "A", "value": 1}]}), r"`\$.variables\[0\].value`"),
        (text(event("aws.events", "Scheduled Event", {})), "write a request, with an input transformer"),
        (text(event("aws.s3", "Object Created", {"bucket": {}})), "its detail cannot be read"),
        (text(call_of_s3(requestParameters=None)), "its detail.requestParameters cannot be read"),
        (text(object_created(time="yesterday")), "The event cannot be read: Invalid RFC3339"),
        (text(object_created(time="2026-11-12T00:00:00")), "timezone"),
        (b"\xff", "not JSON"),
    ],
)
def test_what_is_neither_is_unreadable_and_says_what_is_wrong(told, wrong):
    with pytest.raises(UnreadableMessageError, match=wrong):
        read_message(told)
