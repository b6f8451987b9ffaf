"""How large an artifact may be. What comes out of a store was written by others."""

from __future__ import annotations

import os

import msgspec

from airflow_codepipeline.errors import ArtifactError

GIBIBYTE = 1024**3


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What an artifact may cost to read.

    :param files: members of a zip. CodePipeline's quota for one S3 object is 100,000.
    :param packed_bytes: bytes of the object in the store. CodePipeline's quota for an S3 source is 7 GB.
    :param unpacked_bytes: bytes of all the members together.
    :param ratio: unpacked bytes for each packed byte of one member; it counts for members over 1 MiB.
    """

    files: int = 100_000
    packed_bytes: int = 7 * GIBIBYTE
    unpacked_bytes: int = 20 * GIBIBYTE
    ratio: int = 200


def limits_from_environment() -> Limits:
    """Return the limits, where CODEPIPELINE_MAX_ARTIFACT_* may replace each default.

    :raises ArtifactError: a variable is no positive whole number.
    """
    default = Limits()
    return Limits(
        files=_number("CODEPIPELINE_MAX_ARTIFACT_FILES", default.files),
        packed_bytes=_number("CODEPIPELINE_MAX_ARTIFACT_BYTES", default.packed_bytes),
        unpacked_bytes=_number("CODEPIPELINE_MAX_ARTIFACT_UNPACKED_BYTES", default.unpacked_bytes),
        ratio=_number("CODEPIPELINE_MAX_ARTIFACT_RATIO", default.ratio),
    )


def _number(variable: str, default: int) -> int:
    text = os.environ.get(variable, "").strip()
    if not text:
        return default
    if not text.isdecimal() or int(text) == 0:
        raise ArtifactError(f"{variable} is {text!r}. It must be a positive whole number.")
    return int(text)
