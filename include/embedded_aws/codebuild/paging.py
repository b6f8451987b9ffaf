"""Pages of long lists."""

from __future__ import annotations

from typing import Any

from embedded_aws.errors import ServiceError

_PAGE = 100


def page(member: str, items: list[str], token: str | None) -> dict[str, Any]:
    """The page of `items` that `token` names, the first without one, as the list `member`.

    :raises ServiceError: InvalidInputException for a token that was never handed out.
    """
    if token and not token.isdecimal():
        raise ServiceError("InvalidInputException", "Invalid token")
    start = int(token or 0)
    answer: dict[str, Any] = {member: items[start : start + _PAGE]}
    if start + _PAGE < len(items):
        answer["nextToken"] = str(start + _PAGE)
    return answer
