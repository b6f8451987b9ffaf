"""Knows a process again, so that no other one that got its number is ever ended."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from pathlib import Path


def note(file: Path, pid: int) -> None:
    """Write down a process of ours: its number and when it started."""
    file.write_text(f"{pid} {psutil.Process(pid).create_time()!r}")


def noted(file: Path) -> psutil.Process | None:
    """The process that was written down, None when it has ended or nothing was."""
    with contextlib.suppress(ValueError, OSError, psutil.Error):
        pid, started = file.read_text().split()
        process = psutil.Process(int(pid))
        if process.create_time() == float(started) and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None
