"""Runs the operations that are ours."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from embedded_aws.errors import ServiceError
from embedded_aws.protocol import wire
from embedded_aws.protocol.model import check_input, conform, decode_blobs, operation_model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded_aws.caller import Caller

_log = logging.getLogger(__name__)


class Service(Protocol):
    """One AWS service of ours.

    `name` is botocore's; `invalid_input` the error code the service uses for input that its model refuses.
    An operation takes the caller and the checked parameters and returns the output's members; it raises
    ServiceError and nothing else on purpose. Operations run in threads and may block.
    """

    name: str
    invalid_input: str

    def operations(self) -> Mapping[str, Callable[[Caller, dict[str, Any]], dict[str, Any]]]:
        """The operations that are implemented, by name."""

    def not_here(self, operation: str) -> ServiceError:
        """The error for an operation of the model that is not implemented."""


def answer(service: Service, target: wire.Target, caller: Caller, body: bytes) -> wire.Answer:
    """Run one operation; every failure is an answer too."""
    try:
        return wire.success(target, _run(service, target, caller, body))
    except ServiceError as error:
        return wire.failure(target, error)
    except Exception:
        _log.exception("%s %s failed", service.name, target.operation)
        message = f"{target.operation} failed inside the embedded AWS; its log says why"
        return wire.failure(target, ServiceError("InternalFailure", message, status=500))


def _run(service: Service, target: wire.Target, caller: Caller, body: bytes) -> dict[str, Any]:
    model = operation_model(service.name, target.operation)
    operation = service.operations().get(target.operation)
    if operation is None:
        raise service.not_here(target.operation)
    parameters = wire.read(target, body)
    if not target.cbor and model.input_shape is not None:
        parameters = decode_blobs(parameters, model.input_shape)
    check_input(model, parameters, service.invalid_input)
    document = operation(caller, parameters)
    return conform(document, model.output_shape) if model.output_shape is not None else {}
