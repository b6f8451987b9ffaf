"""What the ARN of a role says (IAM user guide, "IAM ARNs")."""

from __future__ import annotations

import re
from typing import NamedTuple

_ROLE = re.compile(r"arn:([^:]+):iam::([0-9]{12}):role/.+")


class RoleHome(NamedTuple):
    """Where a role is."""

    partition: str
    account: str


def role_home(arn: str | None) -> RoleHome | None:
    """Return where a role is; none where there is no role, or no ARN of one."""
    match = _ROLE.fullmatch(arn or "")
    return RoleHome(match[1], match[2]) if match else None
