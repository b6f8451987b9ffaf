"""What a person types at the terminal, for as long as the answer is wanted."""

from __future__ import annotations

import os
import select
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading

_LOOK_SECONDS = 0.2


class Typed:
    """The lines of standard input, as rich's prompts read them.

    A thread that reads standard input cannot be interrupted, and the process would not end before it.

    :param stopped: set when nobody wants an answer any more.
    """

    def __init__(self, stopped: threading.Event) -> None:
        self._stopped = stopped

    def readline(self) -> str:
        """Return the next line.

        :raises EOFError: there is none, or nobody wants it any more.
        """
        # Byte by byte: what a buffer had read ahead, `select` would not know of.
        keyboard, line = sys.stdin.fileno(), b""
        while not line.endswith(b"\n"):
            if self._stopped.is_set():
                raise EOFError
            if select.select([keyboard], [], [], _LOOK_SECONDS)[0]:
                byte = os.read(keyboard, 1)
                if not byte:
                    raise EOFError
                line += byte
        return line.decode(errors="replace")
