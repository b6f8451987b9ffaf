"""Types that several threads read at once."""

from __future__ import annotations

import msgspec


def lay_out(*types: type[msgspec.Struct]) -> None:
    """Let msgspec prepare types while their module is imported, which one thread does.

    Left alone it prepares a type where it is first read, unguarded: a second thread that reads the type
    meanwhile finds half of it, and the process ends with a segmentation fault.
    """
    for one in types:
        msgspec.json.Decoder(one)
