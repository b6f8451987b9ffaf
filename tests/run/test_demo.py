"""`make demo` as a newcomer types it: it delivers, says where to look, and leaves nothing running."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from fixtures.airflow_run import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.embedded_aws import EmbeddedAws

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


class Demo:
    """The command, with a `.local` of the test's own."""

    def __init__(self, local: Path) -> None:
        self.local = local
        self.process: subprocess.Popen[str] | None = None

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        self.process = subprocess.Popen(
            [Path(sys.executable).with_name("codepipeline"), "demo", *arguments],
            env=inherited | {"CODEPIPELINE_LOCAL_DIR": str(self.local), "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self.process

    def left(self) -> list[psutil.Process]:
        """What runs because of it: every process that was told of this `.local` or lies in it."""
        return [process for process in psutil.process_iter() if _belongs(process, str(self.local))]

    def end(self) -> None:
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
        for process in self.left():
            process.kill()
        if self.process is not None:
            self.process.wait()


def _belongs(process: psutil.Process, folder: str) -> bool:
    try:
        told = [*process.environ().values(), *process.cmdline()]
        return process.status() != psutil.STATUS_ZOMBIE and any(folder in text for text in told)
    except psutil.Error:
        return False


@pytest.fixture
def demo(tmp_path: Path, embedded_aws: EmbeddedAws) -> Iterator[Demo]:
    """It finds the MiniStack that the shared embedded AWS has installed."""
    shared = Path(os.environ.get("CODEPIPELINE_LOCAL_DIR", ROOT / ".local"))
    (tmp_path / "ministack-venv").symlink_to(shared / "ministack-venv")
    command = Demo(tmp_path)
    yield command
    command.end()


def test_it_delivers_says_where_to_look_and_leaves_nothing_running(demo: Demo):
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [str(taken.getsockname()[1]) for taken in (one, other)]
        process = demo.start("--port", ports[0], "--aws-port", ports[1])
        said, _ = process.communicate(timeout=240)

    assert process.returncode == 0, said
    address = re.search(r"Airflow: http://localhost:(\d+)/dags/storefront/runs/[0-9a-f-]{36}", said)
    assert address is not None, said
    assert address[1] != ports[0]
    assert re.search(r"Login: +admin / \S{16}", said)
    assert "Approve/Release Succeeded" in said
    assert re.search(r"Deployed: function storefront, version 1\.4\.1; a basket costs 5\.20", said)
    assert "Deployed: website, 2 pages: index.html, style.css" in said
    assert demo.left() == []


def test_it_can_be_stopped_in_the_middle_and_leaves_nothing_running(demo: Demo):
    process = demo.start()
    wait_until((demo.local / "airflow" / "scheduler.log").exists, process.poll)

    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 130, said
    assert "Stopped." in said
    assert demo.left() == []
