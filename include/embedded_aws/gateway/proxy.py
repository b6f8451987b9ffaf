"""Passes a request on to MiniStack and its answer back, both as streams."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, hdrs, web
from multidict import CIMultiDict
from yarl import URL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from aiohttp import ClientResponse

_CHUNK = 256 * 1024
_LONGEST_LINE = 64 * 1024
# Below the 75 s after which MiniStack closes an idle connection: a request never meets a closing one.
_IDLE_SECONDS = 30
_HOP_BY_HOP = frozenset(
    name.lower()
    for name in (
        hdrs.CONNECTION,
        hdrs.EXPECT,
        hdrs.KEEP_ALIVE,
        hdrs.PROXY_AUTHENTICATE,
        hdrs.PROXY_AUTHORIZATION,
        hdrs.TE,
        hdrs.TRAILER,
        hdrs.TRANSFER_ENCODING,
        hdrs.UPGRADE,
    )
)
_NOTHING: Mapping[str, str] = MappingProxyType({})
_NOT_OURS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class Proxy:
    """Forwards requests to one address.

    Path, query and headers go through as they came, the Host header too: they are part of the signature.
    """

    def __init__(self, backend: str) -> None:
        self._backend = backend
        self._session = ClientSession(
            auto_decompress=False,
            connector=TCPConnector(limit=0, keepalive_timeout=_IDLE_SECONDS),
            max_field_size=_LONGEST_LINE,
            max_line_size=_LONGEST_LINE,
            skip_auto_headers=_NOT_OURS,
            timeout=ClientTimeout(total=None, sock_connect=10),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def forward(
        self, request: web.BaseRequest, added: Mapping[str, str] = _NOTHING
    ) -> web.StreamResponse:
        """The backend's answer to `request`; 502 when the backend does not answer at all.

        :param added: headers to send besides those of the request.
        """
        body = _body(request) if request.can_read_body else None
        headers = _end_to_end(request)
        headers.update(added)
        url = URL(self._backend + request.raw_path, encoded=True)
        try:
            answer = await self._session.request(
                request.method, url, headers=headers, data=body, allow_redirects=False
            )
        except ClientError as error:
            return web.Response(status=502, text=f"The embedded AWS lost its backend: {error!r}")
        async with answer:
            return await _relay(request, answer)


def _end_to_end(request: web.BaseRequest) -> CIMultiDict[str]:
    kept = ((name.decode(), value.decode("utf-8", "surrogateescape")) for name, value in request.raw_headers)
    return CIMultiDict((name, value) for name, value in kept if name.lower() not in _HOP_BY_HOP)


async def _body(request: web.BaseRequest) -> AsyncIterator[bytes]:
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    async for chunk in request.content.iter_chunked(_CHUNK):
        yield chunk


async def _relay(request: web.BaseRequest, answer: ClientResponse) -> web.StreamResponse:
    kept = ((name, value) for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP)
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=CIMultiDict(kept))
    await response.prepare(request)
    async for chunk in answer.content.iter_chunked(_CHUNK):
        await response.write(chunk)
    await response.write_eof()
    return response
