"""MiniStack's process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
from typing import TYPE_CHECKING

import psutil
from aiohttp import ClientError, ClientSession

from embedded_aws.errors import SetupError
from embedded_aws.identity import note, noted
from embedded_aws.network import inherited
from embedded_aws.settings import REGION

if TYPE_CHECKING:
    from pathlib import Path

_START_SECONDS = 90
_STOP_SECONDS = 20
_SNAPSHOT_SECONDS = 5
# MiniStack hands its own environment to Lambda functions: nothing of the user's that they have no use for.
_INHERITED = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")
_LAUNCHER = "launcher.py"
EMITTER_HEADER = "x-embedded-aws-emitter"
"""The header that `emissions.py` looks for."""


class MiniStack:
    """One MiniStack, bound to 127.0.0.1 on a port of its own choice.

    :param python: the Python of its environment.
    :param state_dir: where it keeps its state and its log.
    :param gateway_url: what it tells Lambda functions to use as AWS_ENDPOINT_URL.

    `emitter_secret` is what it takes events of AWS's services with (`emissions.py`).
    """

    def __init__(self, *, python: Path, state_dir: Path, gateway_url: str) -> None:
        self._python = python
        self._state_dir = state_dir
        self._gateway_url = gateway_url
        self._process: asyncio.subprocess.Process | None = None
        self._snapshots: asyncio.Task[None] | None = None
        self._changed = False
        self.emitter_secret = secrets.token_hex()
        self.url = ""

    def changed(self) -> None:
        """Say that a request may have changed something: the next snapshot is worth taking."""
        self._changed = True

    async def start(self) -> None:
        """Start it and wait until it answers.

        :raises SetupError: it ended, or does not answer in time.
        """
        self._state_dir.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(_end_previous, self._process_file)
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        launcher = os.path.join(os.path.dirname(__file__), _LAUNCHER)
        with (self._state_dir / "ministack.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(self._python), launcher, str(port), env=self._environment(), cwd=self._state_dir,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        note(self._process_file, self._process.pid)
        await self._wait_until_ready(self._process)
        self._snapshots = asyncio.create_task(self._snapshot_for_ever(self._process))

    async def stop(self) -> None:
        """End it in order, so that it saves its state; by force after 20 s."""
        if self._snapshots is not None:
            self._snapshots.cancel()
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
        # Its Lambda workers are in its process group and have nothing to save.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def ended(self) -> int:
        """Wait until it ends, on its own or by `stop`; the exit status."""
        assert self._process is not None
        return await self._process.wait()

    @property
    def _process_file(self) -> Path:
        return self._state_dir / "ministack.process"

    def _environment(self) -> dict[str, str]:
        known = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return (
            inherited()
            | known
            | {
                "AWS_ENDPOINT_URL": self._gateway_url,
                "BIND_HOST": "127.0.0.1",
                "EMITTER_SECRET": self.emitter_secret,
                "GATEWAY_PORT": self._gateway_url.rpartition(":")[2],
                "LAMBDA_EXECUTOR": "local",
                "MINISTACK_REGION": REGION,
                "PERSIST_STATE": "1",
                "S3_DATA_DIR": str(self._state_dir / "s3"),
                "S3_PERSIST": "1",
                "STATE_DIR": str(self._state_dir / "state"),
            }
        )

    async def _wait_until_ready(self, process: asyncio.subprocess.Process) -> None:
        async with ClientSession() as session:
            for _ in range(_START_SECONDS * 5):
                if process.returncode is not None:
                    raise SetupError(f"MiniStack ended at once; see {self._state_dir / 'ministack.log'}")
                with contextlib.suppress(ClientError, OSError):
                    async with session.get(f"{self.url}/_ministack/health") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.2)
        raise SetupError(f"MiniStack did not answer in {_START_SECONDS} s; see {self._state_dir}")

    async def _snapshot_for_ever(self, process: asyncio.subprocess.Process) -> None:
        while process.returncode is None:
            await asyncio.sleep(_SNAPSHOT_SECONDS)
            if self._changed:
                self._changed = False
                process.send_signal(signal.SIGUSR1)


def _end_previous(process_file: Path) -> None:
    """Wait for the MiniStack of a gateway that was killed: it is about to save its state."""
    process = noted(process_file)
    if process is None:
        return
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
