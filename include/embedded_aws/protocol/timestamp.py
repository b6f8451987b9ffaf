"""A point in time on the wire."""

from __future__ import annotations

from typing import NamedTuple


class Timestamp(NamedTuple):
    """Seconds since 1970, which JSON writes as a number and CBOR under a tag."""

    seconds: float
