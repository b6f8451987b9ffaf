"""Clone, fetch and push over HTTP: `git http-backend` behind the gateway (git-http-backend(1))."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from embedded_aws.git.program import environment
from embedded_aws.git.received import receipt

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Callable

    from embedded_aws.git.places import Places
    from embedded_aws.git.received import Update
    from embedded_aws.git.repository import Repository

_REQUEST = re.compile(r"(?P<path>/.+)(?P<action>/info/refs|/git-upload-pack|/git-receive-pack)")
_SERVICE = re.compile(r"(?:.*&)?service=git-(?P<service>upload|receive)-pack(?:&.*)?")
_CHUNK = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class GitServer:
    """Serves the repositories of the embedded AWS to git. Whoever asks may read and write: it is local.

    :param pushed: is told the path of a repository and what a push changed there.
    """

    places: Places
    pushed: Callable[[str, list[Update]], None]

    def serves(self, request: web.BaseRequest) -> bool:
        """Whether it is git that asks."""
        match = _REQUEST.fullmatch(request.path)
        if match is None or request.headers.get(hdrs.AUTHORIZATION, "").startswith("AWS4-"):
            return False
        return match["action"] != "/info/refs" or bool(_SERVICE.fullmatch(request.query_string))

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer to a request that this serves."""
        match = _REQUEST.fullmatch(request.path)
        assert match is not None
        pushing = "receive-pack" in match["action"] + request.query_string
        repository = await asyncio.to_thread(self.places.at, match["path"], pushing=pushing)
        if repository is None:
            return web.Response(status=404, text=f"There is no repository at {match['path']}.\n")
        variables = _meta_variables(request, repository, match["action"])
        if match["action"] == "/git-receive-pack":
            return await self._push(request, match["path"], repository, variables)
        async with _backend(request, variables) as process:
            return await _relay(request, process)

    async def _push(
        self, request: web.BaseRequest, path: str, repository: Repository, variables: dict[str, str]
    ) -> web.StreamResponse:
        with receipt() as received:
            try:
                async with _backend(request, variables | received.variables()) as process:
                    response = await _relay(request, process)
            finally:
                # Who pushed may be gone before the answer is; what is there is there.
                updates = received.updates()
                await asyncio.to_thread(repository.settle_head)
                await asyncio.to_thread(self.pushed, path, updates)
        return response


@contextlib.asynccontextmanager
async def _backend(request: web.BaseRequest, variables: dict[str, str]) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        "git", "http-backend",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=environment() | variables,
    )  # fmt: skip
    feeding = asyncio.create_task(_feed(request, process))
    try:
        yield process
        await feeding
    except BaseException:
        # Whoever asked is gone; had it ended by itself, asyncio would have to be the first to notice.
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise
    finally:
        feeding.cancel()
        await process.wait()


def _meta_variables(request: web.BaseRequest, repository: Repository, action: str) -> dict[str, str]:
    wanted = {
        "CONTENT_TYPE": request.headers.get(hdrs.CONTENT_TYPE),
        "CONTENT_LENGTH": request.headers.get(hdrs.CONTENT_LENGTH),
        "HTTP_CONTENT_ENCODING": request.headers.get(hdrs.CONTENT_ENCODING),
        "GIT_PROTOCOL": request.headers.get("Git-Protocol"),
    }
    return {name: value for name, value in wanted.items() if value} | {
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROJECT_ROOT": str(repository.folder),
        "PATH_INFO": action,
        "QUERY_STRING": request.query_string,
        "REMOTE_ADDR": request.remote or "",
        "REQUEST_METHOD": request.method,
    }


async def _feed(request: web.BaseRequest, process: Process) -> None:
    assert process.stdin is not None
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    # It may end before it has read everything: what it prints says why.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        if request.can_read_body:
            async for chunk in request.content.iter_chunked(_CHUNK):
                process.stdin.write(chunk)
                await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()


async def _relay(request: web.BaseRequest, process: Process) -> web.StreamResponse:
    assert process.stdout is not None
    try:
        head = (await process.stdout.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return web.Response(status=500, text="git http-backend failed; the log of the embedded AWS says why")
    headers = dict(line.split(": ", 1) for line in head.split("\r\n") if line)
    status, _, reason = headers.pop("Status", "200 OK").partition(" ")
    response = web.StreamResponse(status=int(status), reason=reason, headers=headers)
    await response.prepare(request)
    while chunk := await process.stdout.read(_CHUNK):
        await response.write(chunk)
    await response.write_eof()
    return response
