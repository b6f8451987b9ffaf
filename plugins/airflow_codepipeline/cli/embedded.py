"""Starts and stops the embedded AWS, a program of its own in the project's `include/` folder."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.cli.places import local_folder, project_folder
from airflow_codepipeline.errors import CodePipelineError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULT_PORT = 4566
LARGEST_PORT = 65535
_START_SECONDS = 120
_STOP_SECONDS = 60
_POLL_SECONDS = 0.2
# `exec`, and the shell ends at once: the gateway is nobody's child, and nobody has to wait for it.
_DETACH = 'log=$1; shift; "$@" < /dev/null >> "$log" 2>&1 & echo $!'


class EmbeddedAwsError(CodePipelineError):
    """The embedded AWS cannot be started or stopped here."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A running embedded AWS.

    :param url: for AWS_ENDPOINT_URL.
    :param started: whether the call that returned this started it.
    :param pid: of its gateway.
    """

    url: str
    started: bool
    pid: int


def ensure_up(port: int | None = None) -> Endpoint:
    """Return the project's embedded AWS, started if it is not running.

    :param port: for the case that it is to be started: 4566 by default, 0 for any free one.
    :raises EmbeddedAwsError: there is no `include/embedded_aws`, or it does not start; says why.
    """
    with _one_at_a_time():
        return running() or _start(DEFAULT_PORT if port is None else port)


def shut_down() -> bool:
    """Stop the project's embedded AWS, its builds and its backend; whether there was one.

    :raises EmbeddedAwsError: it does not end.
    """
    endpoint = running()
    if endpoint is None:
        return False
    process = _process(endpoint.pid)
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except Exception as error:
        message = f"The embedded AWS (process {endpoint.pid}) did not end in {_STOP_SECONDS} s"
        raise EmbeddedAwsError(message) from error
    return True


def running() -> Endpoint | None:
    """Return the project's embedded AWS, None when it is not running."""
    try:
        address = json.loads((_state_dir() / "gateway.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if not _is_alive(address["pid"], address["started"]):
        return None
    return Endpoint(url=address["url"], started=False, pid=address["pid"])


def health(endpoint: Endpoint) -> dict[str, Any]:
    """Return what the gateway says about itself: status, url, pid, sandbox, backend.

    :raises EmbeddedAwsError: it does not answer.
    """
    try:
        # Never through a proxy: it is on this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{endpoint.url}/_embedded/health", timeout=10) as answer:
            return dict(json.load(answer))
    except (urllib.error.URLError, TimeoutError) as error:
        raise EmbeddedAwsError(f"The embedded AWS at {endpoint.url} does not answer: {error}") from error


def embedded_environment(endpoint: Endpoint) -> dict[str, str]:
    """Return the variables that make AWS's tools and SDKs use `endpoint`, and no proxy to reach it."""
    proxies = {"HTTP_PROXY", "HTTPS_PROXY"} & {name.upper() for name in os.environ}
    excepted = ",".join(filter(None, ("127.0.0.1,localhost", os.environ.get("NO_PROXY"))))
    return ({"NO_PROXY": excepted} if proxies else {}) | {
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def command(*arguments: str) -> list[str]:
    """Return the command line that runs the embedded AWS with `arguments`."""
    return [sys.executable, "-m", "embedded_aws", *arguments, "--local-dir", str(local_folder())]


def environment() -> dict[str, str]:
    """Return the environment for that command: it finds the package, and none of AWS's own settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)
    return inherited | {"PYTHONPATH": str(project_folder() / "include")}


def _start(port: int) -> Endpoint:
    _install()
    log = _state_dir() / "gateway.log"
    offset = log.stat().st_size if log.exists() else 0
    serve = command("serve", "--port", str(port))
    started = subprocess.run(
        ["/bin/sh", "-c", _DETACH, "sh", str(log), *serve],
        capture_output=True, text=True, check=True, env=environment(), start_new_session=True,
    )  # fmt: skip
    pid = int(started.stdout)
    for _ in range(int(_START_SECONDS / _POLL_SECONDS)):
        endpoint = running()
        if endpoint is not None and endpoint.pid == pid:
            return Endpoint(url=endpoint.url, started=True, pid=pid)
        if not _is_alive(pid):
            break
        time.sleep(_POLL_SECONDS)
    raise EmbeddedAwsError(f"The embedded AWS did not start:\n{_said(log, offset)}")


def _install() -> None:
    done = subprocess.run(command("install"), capture_output=True, text=True, check=False, env=environment())
    if done.returncode:
        raise EmbeddedAwsError(done.stderr.strip())


def _said(log: Path, offset: int) -> str:
    with log.open() as opened:
        opened.seek(offset)
        return "\n".join(opened.read().splitlines()[-20:])


def _is_alive(pid: int, started: float | None = None) -> bool:
    import psutil

    with suppress(psutil.Error):
        process = psutil.Process(pid)
        same = started is None or process.create_time() == started
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _process(pid: int) -> Any:
    import psutil

    return psutil.Process(pid)


def _state_dir() -> Path:
    return local_folder() / "aws"


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    _state_dir().mkdir(parents=True, exist_ok=True)
    with (_state_dir() / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
