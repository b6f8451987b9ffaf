"""How large an action's variables and configuration may be, and what a variable may be called.

Source: CodePipeline user guide, "Quotas in AWS CodePipeline"; API reference, OutputVariablesMap and
PutJobSuccessResult.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow_codepipeline.errors import ActionError, VariableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OUTPUT_BYTES = 122_880
"""The most bytes that all output variables of an action may have."""
CONFIGURATION_BYTES = 100 * 1024
"""The most bytes that an action's configuration may have when its variables are resolved."""
_KEY = re.compile(r"[A-Za-z0-9@\-_]+")


def check_output_variables(variables: Mapping[str, str]) -> None:
    """Check what an action left.

    :raises ActionError: a key can never be referred to, or all of them are too much.
    """
    for key in variables:
        if not _KEY.fullmatch(key):
            raise ActionError(
                "JobFailed",
                f"The action left a variable {key!r}. A name has letters, digits, '@', '-' and '_' only.",
            )
    taken = _bytes(variables.items())
    if taken > OUTPUT_BYTES:
        raise ActionError(
            "OutputVariablesSizeExceededException",
            f"The output variables have {taken} bytes together, names included, and may have {OUTPUT_BYTES}: "
            "put what is large into an artifact.",
        )


def check_resolved(values: Iterable[tuple[str, str]]) -> None:
    """Check the size of an action's texts after its variables were resolved.

    :param values: keys and values of the configuration, commands and environment variables.
    :raises VariableError: they are too large.
    """
    taken = _bytes(values)
    if taken > CONFIGURATION_BYTES:
        raise VariableError(
            f"The configuration has {taken} bytes when its variables are resolved; it may have "
            f"{CONFIGURATION_BYTES}."
        )


def _bytes(pairs: Iterable[tuple[str, str]]) -> int:
    return sum(len(key.encode()) + len(value.encode()) for key, value in pairs)
