"""What the gateway does with one request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from embedded_aws.codepipeline.notices import named_in
from embedded_aws.errors import ServiceError
from embedded_aws.gateway.dispatch import answer
from embedded_aws.gateway.scope import scope_of
from embedded_aws.protocol import wire
from embedded_aws.settings import default_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded_aws.backend import Backend
    from embedded_aws.caller import Caller
    from embedded_aws.codepipeline.notices import Notices
    from embedded_aws.gateway.dispatch import Service
    from embedded_aws.gateway.proxy import Proxy
    from embedded_aws.git.web import GitServer

HEALTH_PATH = "/_embedded/health"
# The largest StartBuild is far below: AWS takes 1 MB of JSON.
_LONGEST_BODY = 8 * 1024 * 1024
_ENCRYPTION = "x-amz-server-side-encryption"
_ENCRYPTION_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
_READING = (hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS)


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """Answers every request that comes in.

    :param services: ours, by the prefix of X-Amz-Target.
    :param changed: called for each request that may change MiniStack's state.
    :param health: the document that says how the embedded AWS is.
    """

    backend: Backend
    git: GitServer
    notices: Notices
    proxy: Proxy
    services: Mapping[str, Service]
    changed: Callable[[], None]
    health: Callable[[], dict[str, object]]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer to `request`."""
        if request.path == HEALTH_PATH:
            return web.json_response(self.health())
        target = wire.target_of(request.raw_path, request.headers)
        service = self.services.get(target.prefix) if target else None
        if target and service:
            return await self._ours(request, target, service)
        if self.git.serves(request):
            return await self.git.answer(request)
        return await self._theirs(request)

    async def _ours(
        self, request: web.BaseRequest, target: wire.Target, service: Service
    ) -> web.StreamResponse:
        try:
            body = await _read(request)
        except ServiceError as error:
            return _response(wire.failure(target, error))
        caller = await self._caller(request)
        return _response(await asyncio.to_thread(answer, service, target, caller, body))

    async def _theirs(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.method == hdrs.METH_PUT and "/jobs/" in request.raw_path:
            # Before it is there: who put it may go on as soon as the answer arrives.
            await self._notice(request)
        response = await self.proxy.forward(request, await self._missing(request))
        if request.method not in _READING:
            self.changed()
        return response

    async def _notice(self, request: web.BaseRequest) -> None:
        caller = await self._caller(request)
        document = named_in(request.raw_path, account=caller.account, region=caller.region)
        if document is not None:
            await asyncio.to_thread(self.notices.remember, document)

    async def _missing(self, request: web.BaseRequest) -> dict[str, str]:
        """S3 API, PutObject: SSE-KMS without a key means AWS's own key for S3. MiniStack refuses it."""
        if request.headers.get(_ENCRYPTION) != "aws:kms" or _ENCRYPTION_KEY in request.headers:
            return {}
        caller = await self._caller(request)
        return {_ENCRYPTION_KEY: default_key(caller.account, caller.region)}

    async def _caller(self, request: web.BaseRequest) -> Caller:
        scope = scope_of(request.query_string, request.headers)
        return await asyncio.to_thread(self.backend.caller, scope.access_key, scope.region)


async def _read(request: web.BaseRequest) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > _LONGEST_BODY:
            message = f"The request is longer than {_LONGEST_BODY} bytes"
            raise ServiceError("RequestEntityTooLargeException", message, status=413)
    return bytes(body)


def _response(complete: wire.Answer) -> web.Response:
    return web.Response(status=complete.status, headers=complete.headers, body=complete.body)
