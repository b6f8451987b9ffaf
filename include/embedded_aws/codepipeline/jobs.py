"""The job operations of CodePipeline, on job documents in S3 (codepipeline.md 2.5, 9.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from embedded_aws.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded_aws.backend import Backend
    from embedded_aws.caller import Caller
    from embedded_aws.codepipeline.notices import JobDocument, Notices

_IN_PROGRESS = "InProgress"
_LOST_RACE = ("PreconditionFailed", "ConditionalRequestConflict")
# CodePipeline API, PutJobSuccessResult: the total size of the output variables.
_VARIABLES_LIMIT = 122_880


class CodePipeline:
    """PutJobSuccessResult, PutJobFailureResult and GetJobDetails.

    A result is written into the job's document: `status` becomes Succeeded or Failed, and the result's
    members are added. Whoever started the job reads it there.
    """

    name = "codepipeline"
    invalid_input = "ValidationException"

    def __init__(self, *, backend: Backend, notices: Notices) -> None:
        self._backend = backend
        self._notices = notices

    def operations(self) -> Mapping[str, Callable[[Caller, dict[str, Any]], dict[str, Any]]]:
        """The three operations."""
        return {
            "GetJobDetails": self._details,
            "PutJobFailureResult": self._failure,
            "PutJobSuccessResult": self._success,
        }

    def not_here(self, operation: str) -> ServiceError:
        """Say where pipelines are."""
        message = (
            f"{operation} is not served by the embedded AWS: pipelines live in Airflow. "
            "Set AWS_ENDPOINT_URL_CODEPIPELINE to the address of Airflow's CodePipeline API."
        )
        return ServiceError("UnknownOperationException", message)

    def _details(self, _caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        place = self._find(parameters["jobId"])
        document, _ = self._read(place)
        return {"jobDetails": {"id": place.job, "data": document.get("data", {}), "accountId": place.account}}

    def _success(self, _caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        variables = parameters.get("outputVariables", {})
        if sum(len(name) + len(value) for name, value in variables.items()) > _VARIABLES_LIMIT:
            message = f"The output variables are longer than {_VARIABLES_LIMIT} characters"
            raise ServiceError("OutputVariablesSizeExceededException", message)
        if variables and "continuationToken" in parameters:
            message = "Output variables cannot be set when there is a continuation token"
            raise ServiceError(self.invalid_input, message)
        return self._finish(parameters, "Succeeded")

    def _failure(self, _caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        return self._finish(parameters, "Failed")

    def _finish(self, parameters: dict[str, Any], status: str) -> dict[str, Any]:
        place = self._find(parameters["jobId"])
        document, etag = self._read(place)
        if document.get("status") != _IN_PROGRESS:
            message = f"Job {place.job} is {document.get('status')}: only a job InProgress takes a result"
            raise ServiceError("InvalidJobStateException", message)
        members = {name: value for name, value in parameters.items() if name != "jobId"}
        self._write(place, document | members | {"status": status}, etag)
        return {}

    def _find(self, job: str) -> JobDocument:
        place = self._notices.find(job)
        if place is None:
            raise ServiceError("JobNotFoundException", f"There is no job {job}")
        return place

    def _read(self, place: JobDocument) -> tuple[dict[str, Any], str]:
        try:
            answer = self._s3(place).get_object(Bucket=place.bucket, Key=place.key)
            return msgspec.json.decode(answer["Body"].read(), type=dict[str, Any]), answer["ETag"]
        except ClientError as error:
            message = f"The document of job {place.job} cannot be read: {error}"
            raise ServiceError("JobNotFoundException", message) from error
        except msgspec.DecodeError as error:
            message = f"s3://{place.bucket}/{place.key} is no job document: {error}"
            raise ServiceError("InvalidJobStateException", message) from error

    def _write(self, place: JobDocument, document: dict[str, Any], etag: str) -> None:
        body = msgspec.json.encode(document)
        try:
            self._s3(place).put_object(
                Bucket=place.bucket, Key=place.key, Body=body, ContentType="application/json", IfMatch=etag
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _LOST_RACE:
                raise
            message = f"Job {place.job} was given another result meanwhile"
            raise ServiceError("InvalidJobStateException", message) from error

    def _s3(self, place: JobDocument) -> Any:
        return self._backend.client(self._backend.session(place.account, place.region), "s3")
