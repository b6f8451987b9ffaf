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


class ArtifactReference(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An artifact that exists: one S3 object, and the source revision it was made from.

    :param version_id: the object's version where its bucket is versioned.
    :param revision_id: the commit, object version or image digest, for artifacts of source actions.
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
