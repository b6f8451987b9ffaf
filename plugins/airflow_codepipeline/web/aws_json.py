"""The CodePipeline API's messages, read and written by botocore's model of it: AWS JSON 1.1.

botocore is made for clients; a server needs its parser for what comes in and its serialiser for what goes
out. Both are private there, and used here alone; a test pins them.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import JSONParser
from botocore.serialize import JSONSerializer
from botocore.validate import ParamValidator

from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.web.constraints import violations

if TYPE_CHECKING:
    from datetime import datetime

    from botocore.model import OperationModel, Shape

CONTENT_TYPE = "application/x-amz-json-1.1"


@cache
def service_model() -> ServiceModel:
    """Return botocore's model of the CodePipeline API."""
    return ServiceModel(Loader().load_service_model("codepipeline", "service-2"))


def read_input(operation: OperationModel, body: bytes) -> dict[str, Any]:
    """Return what a request's body says, by the names of the API.

    :raises Refusal: it is no JSON object, a value has another type, or one is outside its limits.
    """
    try:
        sent = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Refusal("SerializationException", f"The body is not JSON: {error}.") from error
    found = violations(operation.input_shape, sent)
    if found:
        errors = "1 validation error" if len(found) == 1 else f"{len(found)} validation errors"
        raise Refusal("ValidationException", f"{errors} detected: {'; '.join(found)}")
    parsed: dict[str, Any] = JSONParser()._parse_shape(operation.input_shape, sent)
    return parsed


def write_output(operation: OperationModel, output: dict[str, Any]) -> bytes:
    """Return the body of an answer.

    :raises ValueError: the output is not what the API promises.
    """
    shape = operation.output_shape
    if shape is None:
        return b""
    report = ParamValidator().validate(output, shape)
    if report.has_errors():
        raise ValueError(f"{operation.name} has a wrong answer: {report.generate_report()}")
    body: dict[str, Any] = {}
    _Serializer()._serialize(body, output, shape)
    return json.dumps(body).encode()


def error_status(code: str) -> int:
    """Return the HTTP status of an exception: as the model says, and 400 where it says nothing."""
    shape = _errors().get(code)
    modelled = shape.metadata.get("error", {}).get("httpStatusCode") if shape else None
    return int(modelled or _STATUS.get(code, 400))


@cache
def _errors() -> dict[str, Shape]:
    return {shape.name: shape for shape in service_model().error_shapes}


_STATUS = {"ConflictException": 409, "InternalFailure": 500, "RequestEntityTooLarge": 413}


class _Serializer(JSONSerializer):  # type: ignore[misc]
    def _serialize_type_timestamp(
        self,
        serialized: dict[str, Any],
        value: datetime,
        shape: Shape,  # noqa: ARG002 - botocore's signature
        key: str,
    ) -> None:
        """Write an instant as AWS does: seconds since 1970, with milliseconds."""
        serialized[key] = round(value.timestamp(), 3)
