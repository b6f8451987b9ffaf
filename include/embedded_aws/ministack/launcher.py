"""Started by the Python of MiniStack's environment, as a script: MiniStack, with a snapshot on SIGUSR1.

MiniStack saves its state only when it ends in order. After a SIGKILL it would lose all since its start.
"""

from __future__ import annotations

import signal
import sys
import threading

from ministack import app  # type: ignore[import-not-found]
from ministack.core.persistence import save_all  # type: ignore[import-not-found]

_wanted = threading.Event()


def _snapshots() -> None:
    while _wanted.wait():
        _wanted.clear()
        # A service that changes meanwhile is skipped with a logged error: its last snapshot stays as it is.
        save_all(app._build_persistence_save_dict())


if __name__ == "__main__":
    sys.argv = ["ministack"]
    threading.Thread(target=_snapshots, daemon=True).start()
    signal.signal(signal.SIGUSR1, lambda *_: _wanted.set())
    app.main()
