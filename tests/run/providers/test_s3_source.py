"""An S3 source against an AWS that answers over HTTP and really runs what it is asked to."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from airflow_codepipeline.actions.base import SourceRevision
from airflow_codepipeline.actions.registry import open_session, provider_for
from airflow_codepipeline.errors import ActionError
from fixtures.world import ROLE, carry_out, zipped

pytestmark = pytest.mark.slow


class TestS3Source:
    @pytest.fixture
    def versions(self, world) -> dict[str, str]:
        summary = {"codepipeline-artifact-revision-summary": "the first"}
        put = {"Bucket": world.source, "Key": "app.zip"}
        first = world.s3.put_object(**put, Body=zipped({"n": "1"}), Metadata=summary)["VersionId"]
        return {"first": first, "second": world.s3.put_object(**put, Body=zipped({"n": "2"}))["VersionId"]}

    def source(self, world, key="app.zip", outputs=("Source",), **more):
        configuration = {"S3Bucket": world.source, "S3ObjectKey": key} | more.pop("configuration", {})
        return world.attempt("Source/S3", configuration, outputs=outputs, **more)

    def test_the_latest_version_is_copied_to_the_store_and_described(self, world, versions):
        context = self.source(world)
        outputs = carry_out(context)
        assert outputs.variables["VersionId"] == versions["second"]
        assert outputs.variables.keys() == {"BucketName", "ETag", "ObjectKey", "VersionId"}
        (artifact,) = outputs.artifacts
        assert artifact.revision_id == versions["second"]
        assert artifact.key == context.output_locations[0].key
        assert open_session(context).read_file(artifact, "n") == b"2"
        head = world.s3.head_object(Bucket=artifact.bucket, Key=artifact.key)
        assert head["ServerSideEncryption"] == "aws:kms"

    def test_an_override_takes_another_version_with_its_summary(self, world, versions):
        override = SourceRevision(type="S3_OBJECT_VERSION_ID", value=versions["first"])
        outputs = carry_out(self.source(world, source_revisions=(override,)))
        assert outputs.variables["VersionId"] == versions["first"]
        assert outputs.artifacts[0].revision_summary == "the first"

    def test_a_backfill_takes_the_version_that_was_current_then(self, world, versions):
        now = datetime.now(UTC) + timedelta(seconds=5)
        assert carry_out(self.source(world, as_of=now)).variables["VersionId"] == versions["second"]
        with pytest.raises(ActionError, match=r"did not exist at 2020-01-01"):
            carry_out(self.source(world, as_of=datetime(2020, 1, 1, tzinfo=UTC)))

    def test_an_object_that_was_deleted_then_is_unavailable(self, world, versions):
        world.s3.delete_object(Bucket=world.source, Key="app.zip")
        with pytest.raises(ActionError, match="RevisionUnavailable"):
            carry_out(self.source(world, as_of=datetime.now(UTC) + timedelta(seconds=5)))

    def test_the_key_is_overridden_only_where_the_action_allows_it(self, world, versions):
        world.s3.put_object(Bucket=world.source, Key="other.zip", Body=zipped({}))
        override = SourceRevision(type="S3_OBJECT_KEY", value="other.zip")
        with pytest.raises(ActionError, match="AllowOverrideForS3ObjectKey"):
            carry_out(self.source(world, source_revisions=(override,)))
        allowed = {"AllowOverrideForS3ObjectKey": "true"}
        outputs = carry_out(self.source(world, source_revisions=(override,), configuration=allowed))
        assert outputs.variables["ObjectKey"] == "other.zip"

    def test_a_start_after_a_crash_keeps_the_version_although_a_newer_one_came(self, world, versions):
        context = self.source(world)
        aws, provider = open_session(context), provider_for(context.action.action_type_id)
        job = provider.start(aws)
        world.s3.put_object(Bucket=world.source, Key="app.zip", Body=zipped({"n": "3"}))
        assert provider.outputs(aws, job).variables["VersionId"] == versions["second"]

    def test_a_missing_object_and_a_bucket_without_versions_are_refused(self, world):
        with pytest.raises(ActionError, match="RevisionUnavailable: There is no s3://"):
            carry_out(self.source(world, key="nothing.zip"))
        plain = world.bucket(f"plain-{uuid.uuid4().hex[:8]}", versioned=False)
        with pytest.raises(ActionError, match="Enable versioning on it"):
            carry_out(self.source(world, configuration={"S3Bucket": plain}))

    def test_roles_are_assumed_on_top_of_each_other(self, world, versions):
        outputs = carry_out(self.source(world, roles=(ROLE, "arn:aws:iam::000000000000:role/action")))
        assert outputs.variables["VersionId"] == versions["second"]
