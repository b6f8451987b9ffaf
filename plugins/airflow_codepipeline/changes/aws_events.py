"""Events of EventBridge as changes (CodePipeline user guide, "Change detection methods"; §1.7).

S3's own events and CloudTrail's of S3, CodeCommit's of branches and ECR's of images. What a rule does not
filter out starts nothing here either: a deletion, a tag of a repository, a call that failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from airflow_codepipeline.changes.change import (
    Change,
    Instant,
    Nothing,
    Revision,
    UnreadableMessageError,
    read_as,
)
from airflow_codepipeline.definition.layout import lay_out

if TYPE_CHECKING:
    from collections.abc import Callable

_WRITES = ("PutObject", "CopyObject", "CompleteMultipartUpload")
_VERSION_HEADER = "x-amz-version-id"
_Detail = TypeVar("_Detail", bound=msgspec.Struct)


class Event(msgspec.Struct, frozen=True, kw_only=True, rename={"detail_type": "detail-type"}):
    """The envelope of every event (EventBridge user guide, "Event structure")."""

    id: str
    detail_type: str
    source: str
    account: str
    time: Instant
    region: str
    detail: dict[str, Any]

    def __str__(self) -> str:
        return f"The event {self.id} ({self.detail_type!r} of {self.source})"


def read_event(event: Event) -> Change | Nothing:
    """Return what an event says.

    :raises UnreadableMessageError: it is of no source, or not as its service writes it.
    """
    reader = _READERS.get((event.source, event.detail_type))
    if reader is not None:
        return reader(event)
    if event.source in {source for source, _ in _READERS}:
        return _nothing(event, f"{event.detail_type!r} is no change of a source")
    raise UnreadableMessageError(
        f"{event} is of no source that is known here: S3, CodeCommit and ECR are. Let the rule of another "
        "write a request, with an input transformer."
    )


class _Named(msgspec.Struct, frozen=True):
    name: str


class _Object(msgspec.Struct, frozen=True, rename={"version_id": "version-id"}):
    key: str
    version_id: str | None = None
    sequencer: str = ""


class _ObjectCreated(msgspec.Struct, frozen=True):
    bucket: _Named
    object: _Object


class _Parameters(msgspec.Struct, frozen=True, rename="camel"):
    bucket_name: str
    key: str


class _CallOfS3(msgspec.Struct, frozen=True, rename="camel"):
    event_name: str
    error_code: str | None = None
    request_parameters: dict[str, Any] | None = None
    response_elements: dict[str, Any] | None = None


class _RepositoryState(msgspec.Struct, frozen=True, rename="camel"):
    event: str
    repository_name: str
    reference_type: Literal["branch", "tag"]
    reference_name: str
    commit_id: str | None = None


class _ImageAction(msgspec.Struct, frozen=True, rename="kebab"):
    action_type: str
    result: str
    repository_name: str
    image_digest: str
    image_tag: str = ""


lay_out(_ObjectCreated)


def _object_created(event: Event) -> Change | Nothing:
    detail = _detail(event, _ObjectCreated)
    return _object_change(
        event, detail.bucket.name, detail.object.key, detail.object.version_id, detail.object.sequencer
    )


def _call_of_s3(event: Event) -> Change | Nothing:
    """Read what CloudTrail wrote; of a failed call, and of one that writes nothing, it has no key."""
    detail = _detail(event, _CallOfS3)
    if detail.event_name not in _WRITES or detail.error_code:
        why = f" ({detail.error_code})" if detail.error_code else ""
        return _nothing(event, f"the call {detail.event_name}{why} wrote no object")
    written = read_as(_Parameters, detail.request_parameters, f"{event}: its detail.requestParameters")
    version = (detail.response_elements or {}).get(_VERSION_HEADER)
    return _object_change(event, written.bucket_name, written.key, version)


def _object_change(event: Event, bucket: str, key: str, version: Any, sequencer: str = "") -> Change:
    revision = Revision(type="S3_OBJECT_VERSION_ID", value=str(version)) if version else None
    return _change(event, "S3", bucket, key, revision, sequencer=sequencer)


def _repository_state(event: Event) -> Change | Nothing:
    detail = _detail(event, _RepositoryState)
    if detail.reference_type != "branch" or detail.event == "referenceDeleted" or not detail.commit_id:
        return _nothing(event, f"{detail.event} of the {detail.reference_type} {detail.reference_name}")
    revision = Revision(type="COMMIT_ID", value=detail.commit_id)
    return _change(event, "CodeCommit", detail.repository_name, detail.reference_name, revision)


def _image_action(event: Event) -> Change | Nothing:
    detail = _detail(event, _ImageAction)
    if (detail.action_type, detail.result) != ("PUSH", "SUCCESS") or not detail.image_tag:
        tag = detail.image_tag or "without tag"
        return _nothing(event, f"{detail.action_type} {detail.result} of an image {tag}")
    revision = Revision(type="IMAGE_DIGEST", value=detail.image_digest)
    return _change(event, "ECR", detail.repository_name, detail.image_tag, revision)


_READERS: dict[tuple[str, str], Callable[[Event], Change | Nothing]] = {
    ("aws.s3", "Object Created"): _object_created,
    ("aws.s3", "AWS API Call via CloudTrail"): _call_of_s3,
    ("aws.codecommit", "CodeCommit Repository State Change"): _repository_state,
    ("aws.ecr", "ECR Image Action"): _image_action,
}


def _change(
    event: Event,
    provider: Literal["S3", "CodeCommit", "ECR"],
    container: str,
    item: str,
    revision: Revision | None,
    *,
    sequencer: str = "",
) -> Change:
    return Change(
        event_id=event.id,
        provider=provider,
        container=container,
        item=item,
        revision=revision,
        time=event.time,
        region=event.region,
        account=event.account,
        sequencer=sequencer,
    )


def _nothing(event: Event, reason: str) -> Nothing:
    return Nothing(event_id=event.id, reason=reason)


def _detail(event: Event, model: type[_Detail]) -> _Detail:
    return read_as(model, event.detail, f"{event}: its detail")
