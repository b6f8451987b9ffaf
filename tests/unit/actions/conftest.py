from __future__ import annotations

from fixtures.attempts import scripted

__all__ = ["scripted"]
