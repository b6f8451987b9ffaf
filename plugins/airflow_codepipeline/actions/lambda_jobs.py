"""The documents of a Lambda action's jobs, which are the whole state of the action.

`<pipeline>/jobs/<job id>.json` in the artifact store is written once when the function is invoked:
`{"jobId", "status": "InProgress", "data"}`. Whoever serves PutJobSuccessResult and PutJobFailureResult
rewrites it with status Succeeded or Failed and the call's members.

Each answer with a continuation token makes a further turn with a job id of its own. Ids follow from the
attempt and the turn, and a turn is claimed by writing its document where there is none, so however many
processes poll, and whenever they crash, the function is never invoked twice for one turn.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from airflow_codepipeline.actions.objects import read, write, write_once
from airflow_codepipeline.actions.settings import the_store
from airflow_codepipeline.artifacts.layout import folder
from airflow_codepipeline.definition.layout import lay_out
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Aws


class FailureDetails(msgspec.Struct, frozen=True, rename="camel"):
    """PutJobFailureResult's failureDetails."""

    type: str = "JobFailed"
    message: str = "no message"


class ExecutionDetails(msgspec.Struct, frozen=True, rename="camel"):
    """PutJobSuccessResult's executionDetails."""

    summary: str | None = None


class JobDocument(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One job: what was asked, and what was answered.

    :param claim: tells the call that wrote it from others.
    :param age: how long ago it was written; no part of the file.
    """

    job_id: str
    status: Literal["InProgress", "Succeeded", "Failed"]
    data: dict[str, Any] = {}
    continuation_token: str | None = None
    output_variables: dict[str, str] = {}
    execution_details: ExecutionDetails | None = None
    failure_details: FailureDetails | None = None
    claim: str = ""
    age: timedelta = timedelta(0)


lay_out(JobDocument)


class Jobs:
    """The jobs of one attempt, by turn: 0 is the first invocation.

    :raises ActionError: from every method, where the pipeline has no artifact store.
    """

    def __init__(self, context: ActionContext) -> None:
        self._context = context
        self._folder = f"{folder(context.pipeline)}/jobs"

    def id(self, turn: int) -> str:
        """Return the job id of a turn."""
        return str(uuid.uuid5(uuid.UUID(self._context.action_execution_id), str(turn)))

    def claim(self, aws: Aws, turn: int, data: dict[str, Any]) -> bool:
        """Write the document of a turn; say whether this call wrote it, and so is to invoke.

        Where S3's answer is lost boto3 writes again, and is told that the document is there.
        """
        claim = uuid.uuid4().hex
        document = JobDocument(job_id=self.id(turn), status="InProgress", data=data, claim=claim)
        client, store = aws.store_client(), the_store(self._context)
        claimed = write_once(client, store, self._key(turn), msgspec.json.encode(document))
        if not claimed:
            there = self._read(aws, turn)
            claimed = there is not None and there.claim == claim
        if claimed and turn:
            # Only a hint where to begin reading, so it does not matter when a crash loses it.
            write(client, store, self._hint(), str(turn).encode())
        return claimed

    def release(self, aws: Aws, turn: int) -> None:
        """Take a claim back: the function was not invoked."""
        aws.store_client().delete_object(Bucket=the_store(self._context).location, Key=self._key(turn))

    def latest(self, aws: Aws) -> tuple[int, JobDocument]:
        """Return the last turn and its document.

        :raises ActionError: there is no document any more, or it is malformed.
        """
        turn = self._begin_reading(aws)
        document = self._read(aws, turn)
        if document is None:
            place = f"s3://{the_store(self._context).location}/{self._key(turn)}"
            raise ActionError("JobFailed", f"The document of job {self.id(turn)} is gone from {place}.")
        while document.status == "Succeeded" and document.continuation_token is not None:
            following = self._read(aws, turn + 1)
            if following is None:
                break
            turn, document = turn + 1, following
        return turn, document

    def _read(self, aws: Aws, turn: int) -> JobDocument | None:
        found = read(aws.store_client(), the_store(self._context), self._key(turn))
        if found is None:
            return None
        try:
            document = msgspec.json.decode(found.body, type=JobDocument)
        except msgspec.DecodeError as error:
            raise ActionError("JobFailed", f"{self._key(turn)} is no job document: {error}") from error
        return msgspec.structs.replace(document, age=found.age)

    def _begin_reading(self, aws: Aws) -> int:
        found = read(aws.store_client(), the_store(self._context), self._hint())
        return int(found.body) if found else 0

    def _key(self, turn: int) -> str:
        return f"{self._folder}/{self.id(turn)}.json"

    def _hint(self) -> str:
        return f"{self._folder}/{self._context.action_execution_id}.turn"
