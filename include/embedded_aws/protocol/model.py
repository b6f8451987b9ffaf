"""What botocore's service models say about an operation."""

from __future__ import annotations

import base64
import binascii
import math
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.model import OperationNotFoundError
from botocore.validate import ParamValidator

from embedded_aws.errors import ServiceError
from embedded_aws.protocol.timestamp import Timestamp

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel, Shape


@cache
def service_model(service: str) -> ServiceModel:
    """botocore's model of `service`, read once."""
    return botocore.session.Session().get_service_model(service)


def operation_model(service: str, operation: str) -> OperationModel:
    """The model of one operation.

    :raises ServiceError: UnknownOperationException.
    """
    try:
        return service_model(service).operation_model(operation)
    except OperationNotFoundError:
        message = f"{service} has no operation {operation}"
        raise ServiceError("UnknownOperationException", message) from None


def decode_blobs(value: Any, shape: Shape) -> Any:
    """`value`, read from JSON, with its blobs as bytes: JSON has them in base64.

    :raises ServiceError: SerializationException.
    """
    if shape.type_name == "structure" and isinstance(value, dict):
        members = shape.members
        return {
            name: decode_blobs(item, members[name]) if name in members else item
            for name, item in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [decode_blobs(item, shape.member) for item in value]
    if shape.type_name == "blob" and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise ServiceError("SerializationException", f"A blob is not in base64: {error}") from error
    return value


def check_input(operation: OperationModel, parameters: dict[str, Any], error: str) -> None:
    """Refuse `parameters` that do not fit the operation's input: required members, types, ranges, enums.

    :raises ServiceError: with the code `error`, naming every member that is wrong.
    """
    shape = operation.input_shape
    if shape is None:
        return
    report = ParamValidator().validate(parameters, shape)
    problems = [report.generate_report()] if report.has_errors() else _enum_problems(shape, parameters, "")
    if problems:
        raise ServiceError(error, "; ".join(problems))


def _enum_problems(shape: Shape, value: Any, place: str) -> list[str]:
    if shape.type_name == "structure":
        parts = [
            (shape.members[name], value[name], f"{place}.{name}") for name in value if name in shape.members
        ]
    elif shape.type_name == "list":
        parts = [(shape.member, item, f"{place}[{index}]") for index, item in enumerate(value)]
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        return [f"Value '{value}' at '{place.lstrip('.')}' is not one of {', '.join(shape.enum)}"]
    else:
        return []
    return [problem for part in parts for problem in _enum_problems(*part)]


def conform(value: Any, shape: Shape) -> Any:
    """`value` with the members `shape` has and no others, its times as Timestamps."""
    if shape.type_name == "structure":
        members = shape.members
        return {name: conform(item, members[name]) for name, item in value.items() if name in members}
    if shape.type_name == "list":
        return [conform(item, shape.member) for item in value]
    if shape.type_name == "map":
        return {key: conform(item, shape.value) for key, item in value.items()}
    if shape.type_name == "timestamp":
        return Timestamp(math.floor(float(value) * 1000) / 1000)
    return value
