"""Started by the Python of MiniStack's environment, as a script: MiniStack, with a snapshot on SIGUSR1.

MiniStack saves its state only when it ends in order. After a SIGKILL it would lose all since its start.
When the gateway is gone, however it ended, MiniStack ends in order too.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from emissions import install  # type: ignore[import-not-found]  # it stands beside this script
from ministack import app  # type: ignore[import-not-found]
from ministack.core.persistence import save_all  # type: ignore[import-not-found]

_wanted = threading.Event()
_PARENT_CHECK_SECONDS = 1


def _snapshots() -> None:
    while _wanted.wait():
        _wanted.clear()
        # A service that changes meanwhile is skipped with a logged error: its last snapshot stays as it is.
        save_all(app._build_persistence_save_dict())


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_PARENT_CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    port = sys.argv[1]
    sys.argv = ["ministack"]
    # GATEWAY_PORT is what MiniStack writes into addresses: the gateway's. It listens on one of its own.
    app._resolve_port = lambda: port
    # Not for the Lambda functions, to which MiniStack hands its environment.
    install(os.environ.pop("EMITTER_SECRET"))
    threading.Thread(target=_snapshots, daemon=True).start()
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    signal.signal(signal.SIGUSR1, lambda *_: _wanted.set())
    app.main()
