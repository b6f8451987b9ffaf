"""An S3 deployment against an AWS that answers over HTTP and really runs what it is asked to."""

from __future__ import annotations

import uuid

import pytest

from airflow_codepipeline.errors import ActionError
from fixtures.world import carry_out

pytestmark = pytest.mark.slow


class TestS3Deploy:
    @pytest.fixture
    def target(self, world) -> str:
        return world.bucket(f"target-{uuid.uuid4().hex[:8]}", versioned=False)

    def objects(self, world, target):
        listed = world.s3.list_objects_v2(Bucket=target).get("Contents", ())
        return {item["Key"]: world.s3.head_object(Bucket=target, Key=item["Key"]) for item in listed}

    def test_files_are_put_under_the_prefix_with_their_types_and_headers(self, world, target):
        artifact = world.artifact(**{"index.html": "<p>", "css/a.css": "a{}", "data": "x"})
        configuration = {
            "BucketName": target,
            "Extract": "true",
            "ObjectKey": "site/",
            "CacheControl": "no-store",
        }
        carry_out(world.attempt("Deploy/S3", configuration, inputs=[artifact]))
        found = self.objects(world, target)
        assert {key: head["ContentType"] for key, head in found.items()} == {
            "site/index.html": "text/html",
            "site/css/a.css": "text/css",
            "site/data": "binary/octet-stream",
        }
        assert {head["CacheControl"] for head in found.values()} == {"no-store"}

    def test_the_zip_itself_is_put_where_it_is_not_extracted(self, world, target):
        configuration = {"BucketName": target, "Extract": "false", "ObjectKey": "a/b.zip"}
        carry_out(world.attempt("Deploy/S3", configuration, inputs=[world.artifact(x="1")]))
        assert list(self.objects(world, target)) == ["a/b.zip"]

    def test_a_start_after_a_crash_writes_the_same_keys_and_a_new_attempt_others(self, world, target):
        configuration = {"BucketName": target, "Extract": "true", "ObjectKey": "{datetime}/{uuid}"}
        artifact = world.artifact(x="1")
        context = world.attempt("Deploy/S3", configuration, inputs=[artifact])
        carry_out(context)
        carry_out(context)
        assert len(self.objects(world, target)) == 1
        carry_out(world.attempt("Deploy/S3", configuration, inputs=[artifact]))
        assert len(self.objects(world, target)) == 2

    @pytest.mark.parametrize(
        ("configuration", "reason"),
        [
            ({"Extract": "false"}, "needs ObjectKey"),
            ({}, "needs Extract"),
            ({"Extract": "no"}, "true or false"),
        ],
    )
    def test_a_configuration_that_cannot_work_is_refused(self, world, target, configuration, reason):
        with pytest.raises(ActionError, match=reason):
            carry_out(world.attempt("Deploy/S3", {"BucketName": target, **configuration}))
