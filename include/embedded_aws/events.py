"""The events of the services that are ours, for the rules that stand in MiniStack's EventBridge."""

from __future__ import annotations

import json
import logging
import threading
from typing import TYPE_CHECKING, Any

from embedded_aws.ministack.process import EMITTER_HEADER

if TYPE_CHECKING:
    from embedded_aws.backend import Backend

_log = logging.getLogger(__name__)


class Bus:
    """EventBridge as the services of AWS use it.

    :param secret: MiniStack's `emitter_secret`.
    """

    def __init__(self, backend: Backend, secret: str) -> None:
        self._backend = backend
        self._secret = secret
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}

    def put(
        self,
        *,
        account: str,
        region: str,
        source: str,
        detail_type: str,
        resource: str,
        detail: dict[str, Any],
    ) -> None:
        """Emit an event. What it tells of has happened: if nobody hears it, that is logged."""
        event = {
            "Source": source,
            "DetailType": detail_type,
            "Resources": [resource],
            "Detail": json.dumps(detail),
        }
        try:
            self._client(account, region).put_events(Entries=[event])
        except Exception:
            _log.exception("The event %s of %s was lost: %s", detail_type, source, detail)

    def _client(self, account: str, region: str) -> Any:
        with self._lock:
            if (account, region) not in self._clients:
                client = self._backend.client(self._backend.session(account, region), "events")
                client.meta.events.register("before-call.events.PutEvents", self._sign)
                self._clients[account, region] = client
            return self._clients[account, region]

    def _sign(self, params: dict[str, Any], **_: Any) -> None:
        params["headers"][EMITTER_HEADER] = self._secret
