"""The artifact store against an AWS that answers over HTTP and really runs what it is asked to."""

from __future__ import annotations

import random

import msgspec
import pytest

from airflow_codepipeline.actions import objects
from airflow_codepipeline.actions.base import SourceRevision
from airflow_codepipeline.actions.regional import with_regional_inputs
from airflow_codepipeline.actions.registry import open_session
from airflow_codepipeline.artifacts.limits import Limits
from airflow_codepipeline.aws.store import Store
from airflow_codepipeline.errors import ArtifactError
from fixtures.world import REGION, carry_out

pytestmark = pytest.mark.slow


class TestStore:
    def test_an_artifact_is_unpacked(self, world, tmp_path):
        aws = open_session(world.attempt("Deploy/S3", {}))
        files = aws.unpack(world.artifact(**{"a/b.txt": "x"}), tmp_path / "In")
        assert [path.as_posix() for path in files] == ["a/b.txt"]
        assert (tmp_path / "In/a/b.txt").read_text() == "x"

    def test_an_artifact_that_is_missing_or_too_large_is_refused_by_name(self, world):
        artifact = world.artifact(x="1")
        store = Store(world.s3, Limits(packed_bytes=10))
        with pytest.raises(
            ArtifactError, match=r"Artifact In is refused: it has .*CODEPIPELINE_MAX_ARTIFACT_BYTES"
        ):
            store.read_file(artifact, "x")
        gone = msgspec.structs.replace(artifact, key="gone", version_id=None)
        aws = open_session(world.attempt("Deploy/S3", {}))
        with pytest.raises(ArtifactError, match=r"Artifact In is not at s3://.*/gone"):
            aws.read_file(gone, "x")

    def test_a_large_object_is_copied_in_parts_at_its_version(self, world, monkeypatch):
        monkeypatch.setattr(objects, "_ONE_CALL_BYTES", 1024)
        body = random.Random(1).randbytes(17 * 1024 * 1024)
        source = {"Bucket": world.source, "Key": "large"}
        version = world.s3.put_object(**source, Body=body)["VersionId"]
        world.s3.put_object(**source, Body=b"newer")
        configuration = {"S3Bucket": world.source, "S3ObjectKey": "large"}
        override = SourceRevision(type="S3_OBJECT_VERSION_ID", value=version)
        attempt = world.attempt("Source/S3", configuration, outputs=("S",), source_revisions=(override,))
        (artifact,) = carry_out(attempt).artifacts
        written = world.s3.get_object(Bucket=artifact.bucket, Key=artifact.key, VersionId=artifact.version_id)
        assert written["Body"].read() == body
        assert written["ServerSideEncryption"] == "aws:kms"

    def test_an_input_of_another_region_is_copied_to_the_regions_store(self, world):
        here, far = world.artifact("Here", x="1"), world.artifact("Far", x="2")
        far = msgspec.structs.replace(far, region="eu-west-1")
        aws = open_session(world.attempt("Deploy/S3", {}, inputs=[here, far]))
        kept, copied = with_regional_inputs(aws).input_artifacts
        assert kept == here
        assert (copied.region, copied.key == far.key) == (REGION, False)
        assert aws.read_file(copied, "x") == b"2"
