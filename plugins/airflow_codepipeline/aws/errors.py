"""botocore's errors as this package's: one place decides what may be asked again.

Every client of this room is made with `translate_calls`, so providers see `ActionError` and
`TransientError` and need not know botocore.
"""

from __future__ import annotations

from typing import Any, NoReturn

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    MissingDependencyException,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
    ResponseStreamingError,
    SSLError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import ResponseParserError

from airflow_codepipeline.actions.base import CONNECTION_LOST
from airflow_codepipeline.errors import ActionError, TransientError

# botocore retries these too, but only for so long (botocore/retries/standard.py).
TRANSIENT_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_NOT_SENT = (
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    ProxyConnectionError,
    SSLError,
)
# Among them ReadTimeoutError and ConnectionClosedError.
# Among them a proxy's page in the place of an answer.
_NOT_ANSWERED = (
    BotoConnectionError,
    HTTPClientError,
    IncompleteReadError,
    ResponseParserError,
    ResponseStreamingError,
)
_CONFIGURATION = (
    MissingDependencyException,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
)


class TranslatedCalls:
    """A client's base class whose calls raise this package's errors."""

    def _make_api_call(self, operation_name: str, api_params: dict[str, Any]) -> Any:
        try:
            return super()._make_api_call(operation_name, api_params)  # type: ignore[misc]
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            raise_translated(error, operation_name)


def translate_calls(base_classes: list[type], **_kwargs: Any) -> None:
    """Give a client class that is being made our errors (botocore event `creating-client-class`)."""
    base_classes.insert(0, TranslatedCalls)


def raise_translated(error: Exception, operation: str) -> NoReturn:
    """Raise what a botocore error means here.

    :param operation: the API operation, for the message.
    :raises TransientError: throttling, a time-out, a lost connection, an error of the service.
    :raises ActionError: everything else, under AWS's own code.
    """
    raise translated(error, operation) from error


def translated(error: Exception, operation: str) -> ActionError:
    """Return the error that a botocore error becomes."""
    if isinstance(error, ClientError):
        return _service_error(error, operation)
    if isinstance(error, _NOT_SENT):
        return TransientError("SystemUnavailable", f"{operation}: {error}")
    if isinstance(error, _NOT_ANSWERED):
        return TransientError(CONNECTION_LOST, f"{operation}: {error}")
    code = "ConfigurationError" if isinstance(error, _CONFIGURATION) else "JobFailed"
    return ActionError(code, f"{operation}: {error}")


def _service_error(error: ClientError, operation: str) -> ActionError:
    fault = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    code = str(fault.get("Code") or "Unknown")
    request = metadata.get("RequestId") or "unknown"
    text = fault.get("Message") or "AWS gave no reason"
    kind = TransientError if _is_transient(code, metadata.get("HTTPStatusCode", 0)) else ActionError
    return kind(code, f"{operation}: {text} (request id {request})")


def _is_transient(code: str, http_status: int) -> bool:
    return code in TRANSIENT_CODES or http_status >= 500 or http_status == 429
