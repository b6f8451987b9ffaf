"""Why an action failed, as a code and a message (CodePipeline API, ErrorDetails)."""

from __future__ import annotations

import re

UNKNOWN = {"code": "JobFailed", "message": "The action failed. The log of its task says why."}
_FAILURE = re.compile(
    r"(?:\S+/\S+/\S+ failed: )?(?:(?P<code>[A-Za-z]\w*(?:\.\w+)*): )?(?P<message>.+)", re.DOTALL
)


def error_details(failure: str) -> dict[str, str]:
    """Return a failure, as an action's task words it, as a code and a message."""
    match = _FAILURE.fullmatch(failure)
    code = (match["code"] if match else None) or "ConfigurationError"
    return {"code": code, "message": (match["message"] if match else failure)[:5000]}
