"""Starts everything, serves, and stops everything in order."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING

import msgspec
import psutil
from aiohttp import web

from embedded_aws.backend import Backend
from embedded_aws.codebuild import sandbox
from embedded_aws.codebuild.scheduler import Scheduler
from embedded_aws.codebuild.service import CodeBuild
from embedded_aws.codebuild.store import Store
from embedded_aws.codecommit.announcing import Announcements
from embedded_aws.codecommit.service import CodeCommit
from embedded_aws.codeconnections.service import CodeConnections
from embedded_aws.codeconnections.store import Resources
from embedded_aws.codepipeline.jobs import CodePipeline
from embedded_aws.codepipeline.notices import Notices
from embedded_aws.errors import SetupError
from embedded_aws.events import Bus
from embedded_aws.gateway.gateway import Gateway
from embedded_aws.gateway.proxy import Proxy
from embedded_aws.git.places import Places
from embedded_aws.git.web import GitServer
from embedded_aws.ministack.environment import install
from embedded_aws.ministack.process import MiniStack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedded_aws.gateway.dispatch import Service
    from embedded_aws.settings import Settings

_log = logging.getLogger(__name__)
_LONGEST_LINE = 64 * 1024
_SHUTDOWN_SECONDS = 2
# Operations wait: for SQLite, for MiniStack, and StopBuild for the build to end.
_THREADS = 32
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  only recognised


async def serve(settings: Settings) -> None:
    """Run the embedded AWS until SIGTERM or SIGINT.

    :raises SetupError: the port is taken, another one uses the same state, or MiniStack cannot run.
    """
    stop = asyncio.Event()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with _alone(settings):
        listener = _listen(settings)
        url = _url(settings.host, listener.getsockname()[1])
        async with AsyncExitStack() as stack:
            ministack = await _start_ministack(settings, url, stack)
            gateway = await _assemble(settings, url, ministack, stack)
            await _open(gateway, listener, stack)
            _say_where(settings, url)
            stack.callback(_address_file(settings).unlink, missing_ok=True)
            _log.info("The embedded AWS is at %s", url)
            await _until(stop, ministack)


async def _start_ministack(settings: Settings, url: str, stack: AsyncExitStack) -> MiniStack:
    python = await asyncio.to_thread(install, settings.local_dir)
    ministack = MiniStack(python=python, state_dir=settings.state_dir / "ministack", gateway_url=url)
    stack.push_async_callback(ministack.stop)
    await ministack.start()
    return ministack


async def _assemble(settings: Settings, url: str, ministack: MiniStack, stack: AsyncExitStack) -> Gateway:
    backend = Backend(ministack.url)
    store = Store(settings.codebuild_dir)
    stack.callback(store.close)
    scheduler = Scheduler(
        store=store,
        backend=backend,
        folder=settings.codebuild_dir / "work",
        at_once=settings.concurrent_builds,
        gateway_url=url,
    )
    await asyncio.to_thread(scheduler.recover)
    stack.push_async_callback(asyncio.to_thread, scheduler.close)
    notices = Notices(settings.codepipeline_dir)
    stack.callback(notices.close)
    git, services = _git(settings, url, Bus(backend, ministack.emitter_secret))
    services["CodeBuild_20161006"] = CodeBuild(store=store, scheduler=scheduler)
    services["CodePipeline_20150709"] = CodePipeline(backend=backend, notices=notices)
    proxy = Proxy(ministack.url)
    stack.push_async_callback(proxy.close)
    health: dict[str, object] = {"status": "running", "url": url, "pid": os.getpid()}
    health["state_dir"] = str(settings.state_dir)
    health["sandbox"] = await asyncio.to_thread(sandbox.kind)
    return Gateway(
        backend=backend,
        git=git,
        notices=notices,
        proxy=proxy,
        services=services,
        changed=ministack.changed,
        health=lambda: health,
    )


def _git(settings: Settings, url: str, bus: Bus) -> tuple[GitServer, dict[str, Service]]:
    """What serves repositories to git, and the services on them; CodeConnections under both of its names."""
    resources = Resources(settings.git_dir / "connections")
    places = Places(folder=settings.git_dir, is_available=resources.is_available)
    announcements = Announcements(places=places, bus=bus)
    return GitServer(places=places, pushed=announcements.of_push), {
        "CodeCommit_20150413": CodeCommit(places=places, url=url, announcements=announcements),
        "com.amazonaws.codeconnections.CodeConnections_20231201": CodeConnections(
            name="codeconnections", resources=resources
        ),
        "com.amazonaws.codestar.connections.CodeStar_connections_20191201": CodeConnections(
            name="codestar-connections", resources=resources
        ),
    }


async def _open(gateway: Gateway, listener: socket.socket, stack: AsyncExitStack) -> None:
    server = web.Server(
        gateway.handle,
        access_log=None,
        auto_decompress=False,
        max_field_size=_LONGEST_LINE,
        max_line_size=_LONGEST_LINE,
    )
    runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, listener).start()


async def _until(stop: asyncio.Event, ministack: MiniStack) -> None:
    stopped = asyncio.create_task(stop.wait())
    ended = asyncio.create_task(ministack.ended())
    await asyncio.wait((stopped, ended), return_when=asyncio.FIRST_COMPLETED)
    if not stop.is_set():
        raise SetupError(f"MiniStack ended on its own with status {ended.result()}; its log says why")
    ended.cancel()


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        message = (
            f"Port {settings.port} of {settings.host} cannot be used ({error.strerror}). "
            "Stop what uses it, or choose another port with --port, or any free one with --port 0."
        )
        raise SetupError(message) from error
    listener.listen(1024)
    return listener


def _url(host: str, port: int) -> str:
    name = "127.0.0.1" if host in _EVERYWHERE else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _say_where(settings: Settings, url: str) -> None:
    """Tell `codepipeline aws` where this one is, and how to know its process again."""
    address = {"url": url, "pid": os.getpid(), "started": psutil.Process().create_time()}
    written = _address_file(settings).with_suffix(".new")
    written.write_bytes(msgspec.json.encode(address))
    written.replace(_address_file(settings))


def _address_file(settings: Settings) -> Path:
    return settings.state_dir / "gateway.json"


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Be the only one that uses the state."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with (settings.state_dir / "gateway.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"Another embedded AWS uses {settings.state_dir}; `codepipeline aws down` stops it"
            raise SetupError(message) from error
        yield
