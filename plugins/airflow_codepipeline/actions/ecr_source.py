"""Source/AWS/ECR/1: an image, described in imageDetail.json (CodePipeline user guide, Amazon ECR source)."""

from __future__ import annotations

import json
import re
from datetime import UTC
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.actions import console
from airflow_codepipeline.actions.base import Job, Outputs
from airflow_codepipeline.actions.immediate import Immediate
from airflow_codepipeline.actions.settings import misconfigured, optional, required, the_output
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_codepipeline.actions.base import ActionContext, Aws

FILE = "imageDetail.json"
_DEFAULT_TAG = "latest"
_DIGEST_TYPE = "IMAGE_DIGEST"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_DOMAINS = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com"}
_MISSING = frozenset({"ImageNotFoundException", "RepositoryNotFoundException"})


class EcrSource(Immediate):
    """Takes one image of a private ECR repository; the artifact says which, it does not hold it."""

    knows_past = True

    def start(self, aws: Aws) -> Job:
        """Settle which image this execution takes; it does not change any more."""
        context = aws.context
        the_output(context)
        repository = required(context, "RepositoryName")
        image = _image(aws.client("ecr"), context, repository)
        digest, registry = image["imageDigest"], image["registryId"]
        url = console.image(context.identity.region, registry, repository, digest)
        return Job(external_execution_id=digest, external_execution_url=url, data={"digest": digest})

    def outputs(self, aws: Aws, job: Job) -> Outputs:
        """Write imageDetail.json, and describe the image."""
        context = aws.context
        repository, tag = required(context, "RepositoryName"), _tag(context)
        image = _described(aws.client("ecr"), repository, imageDigest=job.data["digest"])
        uri = _uri(context.identity.region, image["registryId"], repository, image["imageDigest"])
        detail = json.dumps(_detail(image, repository, uri), indent=2)
        written = aws.write_artifact(the_output(context), {FILE: detail.encode()})
        artifact = msgspec.structs.replace(
            written,
            revision_id=image["imageDigest"],
            revision_summary=f"{repository}:{tag}",
            revision_url=job.external_execution_url,
        )
        variables = {
            "ImageDigest": image["imageDigest"],
            "ImageTag": tag,
            "ImageURI": uri,
            "RegistryId": image["registryId"],
            "RepositoryName": repository,
        }
        return Outputs(variables=variables, artifacts=(artifact,), summary=uri)


def _tag(context: ActionContext) -> str:
    return optional(context, "ImageTag") or _DEFAULT_TAG


def _image(client: Any, context: ActionContext, repository: str) -> dict[str, Any]:
    for revision in context.source_revisions:
        if revision.type != _DIGEST_TYPE or not _DIGEST.fullmatch(revision.value):
            given = f"{revision.type} {revision.value}"
            raise misconfigured(context, f"it takes revisions of type {_DIGEST_TYPE}, sha256:…, not {given}.")
        return _described(client, repository, imageDigest=revision.value)
    if context.as_of is None:
        return _described(client, repository, imageTag=_tag(context))
    if _tag(context) == _DEFAULT_TAG:
        return _pushed_by(client, repository, context.as_of)
    return _tagged_by(client, repository, _tag(context), context.as_of)


def _described(client: Any, repository: str, **image_id: str) -> dict[str, Any]:
    try:
        found = client.describe_images(repositoryName=repository, imageIds=[image_id])["imageDetails"]
    except ActionError as error:
        if error.code not in _MISSING:
            raise
        found = []
    if not found:
        wanted = ", ".join(image_id.values())
        raise ActionError("RevisionUnavailable", f"The ECR repository {repository} has no image {wanted}.")
    image: dict[str, Any] = found[0]
    return image


def _tagged_by(client: Any, repository: str, tag: str, moment: datetime) -> dict[str, Any]:
    """Return the image that has a tag, if it was pushed by then: ECR does not keep which had it before."""
    image = _described(client, repository, imageTag=tag)
    if image["imagePushedAt"] > moment:
        raise ActionError(
            "RevisionUnavailable",
            f"The image {tag} of the ECR repository {repository} was pushed after {moment.isoformat()}, and "
            f"ECR does not keep which image had the tag then. Name it: a revision of type {_DIGEST_TYPE}.",
        )
    return image


def _pushed_by(client: Any, repository: str, moment: datetime) -> dict[str, Any]:
    """Return the image that was pushed last by then: what `latest` means where every push moves it."""
    pages = client.get_paginator("describe_images").paginate(repositoryName=repository)
    images = (image for page in pages for image in page["imageDetails"])
    pushed = [image for image in images if image["imagePushedAt"] <= moment]
    newest = max(pushed, key=lambda image: image["imagePushedAt"], default=None)
    if newest is None:
        reason = f"The ECR repository {repository} had no image by {moment.isoformat()}."
        raise ActionError("RevisionUnavailable", reason)
    return dict(newest)


def _uri(region: str, registry: str, repository: str, digest: str) -> str:
    domain = _DOMAINS[console.partition(region)]
    return f"{registry}.dkr.ecr.{region}.{domain}/{repository}@{digest}"


def _detail(image: dict[str, Any], repository: str, uri: str) -> dict[str, Any]:
    pushed: datetime = image["imagePushedAt"]
    return {
        "ImageSizeInBytes": str(image.get("imageSizeInBytes", "")),
        "ImageDigest": image["imageDigest"],
        "Version": "1.0",
        "ImagePushedAt": pushed.astimezone(UTC).strftime("%a %b %d %H:%M:%S UTC %Y"),
        "RegistryId": image["registryId"],
        "RepositoryName": repository,
        "ImageURI": uri,
        "ImageTags": list(image.get("imageTags", ())),
    }
