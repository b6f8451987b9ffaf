"""What XCom carries of an artifact: where it is, never what is in it."""

from __future__ import annotations

import msgspec


class ArtifactLocation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an output artifact is to be written.

    :param kms_key_id: the customer's key, or none for the AWS managed key `aws/s3`.
    """

    name: str
    bucket: str
    key: str
    region: str
    kms_key_id: str | None = None

    def written(self, version_id: str | None) -> ArtifactReference:
        """Return the reference of the artifact that now lies here."""
        return ArtifactReference(
            name=self.name,
            bucket=self.bucket,
            key=self.key,
            region=self.region,
            kms_key_id=self.kms_key_id,
            version_id=version_id,
        )


class CloneReference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A repository in place of content: what a full clone, CODEBUILD_CLONE_REF, hands to CodeBuild.

    :param source_type: CodeBuild's type of source: CODECOMMIT, GITHUB …
    :param location: where CodeBuild clones from.
    :param connection_arn: the connection that CodeBuild clones through.
    """

    source_type: str
    location: str
    connection_arn: str | None = None


class ArtifactReference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An artifact that exists: one S3 object, and the source revision it was made from.

    :param version_id: the object's version where its bucket is versioned.
    :param revision_id: the commit, object version or image digest, for artifacts of source actions.
    :param clone: the repository, where the artifact is a full clone: the object holds no zip then.
    """

    name: str
    bucket: str
    key: str
    region: str
    kms_key_id: str | None = None
    version_id: str | None = None
    revision_id: str | None = None
    revision_summary: str | None = None
    revision_url: str | None = None
    clone: CloneReference | None = None
