"""Models as the JSON values that XComs, state stores and trigger arguments take."""

from __future__ import annotations

from typing import Any

import msgspec


def to_json_value(model: msgspec.Struct) -> Any:
    """Return a model as dicts, lists and strings; `msgspec.convert` reads it back."""
    return msgspec.json.decode(msgspec.json.encode(model))
