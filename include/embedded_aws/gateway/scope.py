"""Who calls, and in which region: read from a request's signature."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from embedded_aws.settings import REGION

if TYPE_CHECKING:
    from collections.abc import Mapping

_CREDENTIAL = re.compile(r"Credential=([^,\s]+)")


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The credential scope of a SigV4 signature (IAM guide, "Signature Version 4")."""

    access_key: str
    region: str
    service: str


def scope_of(query: str, headers: Mapping[str, str]) -> Scope:
    """The scope of a signed or presigned request; unsigned ones have no service and the default region."""
    match = _CREDENTIAL.search(headers.get("Authorization", ""))
    credential = match[1] if match else parse_qs(query).get("X-Amz-Credential", [""])[0]
    parts = credential.split("/")
    if len(parts) < 5:
        return Scope(access_key=parts[0], region=REGION, service="")
    return Scope(access_key="/".join(parts[:-4]), region=parts[-3], service=parts[-2])
