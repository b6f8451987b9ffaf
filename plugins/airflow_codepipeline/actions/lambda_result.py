"""A function that is waited for: the extension `airflow: {invocation: RequestResponse}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.actions.base import CONNECTION_LOST
from airflow_codepipeline.actions.lambda_event import function_name
from airflow_codepipeline.errors import ActionError, TransientError

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import Aws

VARIABLES_BYTES = 122_880
"""The quota of one action's output variables (codepipeline.md §4.13)."""


def invoke_and_wait(aws: Aws, payload: bytes) -> str:
    """Invoke the function, wait for it, and return its output variables as JSON.

    :raises ActionError: the function failed, or it is not known whether it ran.
    """
    name = function_name(aws.context)
    try:
        response = aws.client("lambda").invoke(FunctionName=name, Payload=payload)
        result = response["Payload"].read()
    except TransientError as error:
        if error.code != CONNECTION_LOST:
            raise
        text = f"The connection to {name} was lost while it may have been running: {error.message}"
        raise ActionError("JobFailed", text) from error
    if response.get("FunctionError"):
        raise ActionError("JobFailed", f"Function {name} failed: {_reason(result)}")
    return _variables(name, result)


def variables_of(text: str) -> dict[str, str]:
    """Return the variables that `invoke_and_wait` gave."""
    return msgspec.json.decode(text, type=dict[str, str])


def _variables(name: str, result: bytes) -> str:
    try:
        value = msgspec.json.decode(result or b"null")
    except msgspec.DecodeError as error:
        raise ActionError("JobFailed", f"Function {name} returned no JSON: {error}.") from error
    members = value.items() if isinstance(value, dict) else ()
    found = {key: _text(member) for key, member in members if isinstance(member, str | int | float)}
    encoded = msgspec.json.encode(found)
    if len(encoded) > VARIABLES_BYTES:
        raise ActionError(
            "JobFailed",
            f"Function {name} returned {len(encoded):,} bytes of variables; "
            f"the limit is {VARIABLES_BYTES:,}.",
        )
    return encoded.decode()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _reason(result: bytes) -> str:
    try:
        value = msgspec.json.decode(result)
    except msgspec.DecodeError:
        value = None
    if isinstance(value, dict) and "errorMessage" in value:
        return f"{value.get('errorType', 'Error')}: {value['errorMessage']}"
    return result.decode(errors="replace")[:1000]
