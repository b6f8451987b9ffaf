"""What a message of change detection says, by itself: a change of a source, a wish, or nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from airflow_codepipeline.errors import CodePipelineError
from airflow_codepipeline.execution.start import RevisionType

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
_Model = TypeVar("_Model", bound=msgspec.Struct)


class UnreadableMessageError(CodePipelineError):
    """A message that is neither an event nor a request: nobody can tell what it would have started."""


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """The revision that a change brought, as an override of a source action names it."""

    type: RevisionType
    value: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Something that source actions take has another revision.

    :param event_id: the same wherever, and however often, the event is delivered.
    :param provider: of the source actions that take such things.
    :param container: the bucket or the repository.
    :param item: what in it has another revision: an object's key, a branch, an image tag.
    :param revision: which revision it has now; none where the event does not say.
    :param region: where it happened.
    :param account: whose bucket or repository it is.
    :param sequencer: of an S3 event: orders the changes of one key (S3 user guide, event message structure).
    """

    event_id: str
    provider: Literal["S3", "CodeCommit", "ECR"]
    container: str
    item: str
    revision: Revision | None
    time: Instant
    region: str
    account: str
    sequencer: str = ""

    def __str__(self) -> str:
        revision = f" at {self.revision.value}" if self.revision else ""
        return f"{self.provider} {self.container}/{self.item}{revision}, event {self.event_id}"


class Nothing(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a source that brings no revision: a deletion, a call that failed.

    :param reason: for who wonders why it starts nothing.
    """

    event_id: str
    reason: str


def read_as(model: type[_Model], value: Any, what: str) -> _Model:
    """Return a part of a message as a model.

    :param what: what the part is, for the error.
    :raises UnreadableMessageError: it is something else.
    """
    try:
        return msgspec.convert(value, model)
    except msgspec.ValidationError as error:
        raise UnreadableMessageError(f"{what} cannot be read: {error}.") from error
