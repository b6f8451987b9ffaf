"""MiniStack's virtual environment: it pins a botocore of its own, so it cannot live in the project's."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from embedded_aws.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator
from contextlib import contextmanager

_LOCK_FILE = Path(__file__).parents[1] / "requirements.lock"


def installed(local_dir: Path) -> Path | None:
    """The environment's Python when it holds exactly what the lock file says, else None."""
    stamp = _home(local_dir) / ".requirements.sha256"
    python = _home(local_dir) / "bin" / "python"
    return python if python.exists() and stamp.exists() and stamp.read_text() == _digest() else None


def install(local_dir: Path) -> Path:
    """Make the environment unless it is there, and return its Python.

    :param local_dir: the project's `.local`; the environment is `ministack-venv` below it.
    :raises SetupError: there is no uv, or the packages cannot be installed.
    """
    local_dir.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(local_dir):
        return installed(local_dir) or _make(_home(local_dir))


def _make(home: Path) -> Path:
    shutil.rmtree(home, ignore_errors=True)
    python = home / "bin" / "python"
    _uv("venv", "--quiet", "--no-project", "--python", sys.executable, str(home))
    _uv("pip", "install", "--quiet", "--compile-bytecode", "--require-hashes",
        "--python", str(python), "--requirement", str(_LOCK_FILE))  # fmt: skip
    # Written last: an interrupted installation is never taken for a whole one.
    (home / ".requirements.sha256").write_text(_digest())
    return python


def _uv(*arguments: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(
        [*_uv_command(), *arguments], capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        raise SetupError(f"MiniStack cannot be installed: uv {arguments[0]} said:\n{done.stderr.strip()}")


def _uv_command() -> list[str]:
    beside = Path(sys.executable).with_name("uv")
    if beside.exists():
        return [str(beside)]
    if found := shutil.which("uv"):
        return [found]
    raise SetupError("MiniStack cannot be installed without uv: run `make install`, which puts it into .venv")


def _home(local_dir: Path) -> Path:
    return local_dir / "ministack-venv"


def _digest() -> str:
    return hashlib.sha256(_LOCK_FILE.read_bytes()).hexdigest()


@contextmanager
def _one_at_a_time(local_dir: Path) -> Iterator[None]:
    with (local_dir / "ministack-venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
