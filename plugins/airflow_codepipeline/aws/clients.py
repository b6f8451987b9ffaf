"""The clients of this process: each made once for an identity, a service and a region.

botocore's clients may be shared by threads, its sessions may not; so making one holds a lock, and
using one does not.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from airflow_codepipeline.aws.credentials import assume, login, session_name

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import AwsIdentity
    from airflow_codepipeline.aws.credentials import Login

# A triggerer lives for weeks: connections change, and executions end.
_LOGIN_SECONDS = 900.0
# An execution that has roles has clients of its own: about 1 MB and 30 ms of CPU time.
_LOGINS = 512
# A synchronous invocation answers when the function ends, after 15 minutes at most, and must not be
# repeated by botocore: it is not idempotent.
_LAMBDA = Config(read_timeout=910, tcp_keepalive=True, retries={"mode": "standard", "total_max_attempts": 1})


@dataclass(kw_only=True)
class _Entry:
    login: Login
    made: float
    used: float
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)


class Clients:
    """A cache of clients. One for a process is enough: `CLIENTS`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[AwsIdentity, str], _Entry] = OrderedDict()

    def get(self, identity: AwsIdentity, execution_id: str, service: str, region: str) -> Any:
        """Return the client of an identity for a service in a region.

        :param execution_id: names the sessions of assumed roles.
        """
        with self._lock:
            entry = self._entry(identity, execution_id)
            key = (service, region)
            if key not in entry.clients:
                entry.clients[key] = entry.login.client(service, region, config(service, entry.login))
            return entry.clients[key]

    def login(self, identity: AwsIdentity, execution_id: str) -> Login:
        """Return the login of an identity."""
        with self._lock:
            return self._entry(identity, execution_id).login

    def clear(self) -> None:
        """Forget every client: credentials or endpoints have changed."""
        with self._lock:
            self._entries.clear()

    def _entry(self, identity: AwsIdentity, execution_id: str) -> _Entry:
        key, now = (identity, execution_id if identity.roles else ""), time.monotonic()
        entry = self._entries.get(key)
        if entry is None or now - entry.made > _LOGIN_SECONDS:
            entry = _Entry(login=_log_in(identity, execution_id), made=now, used=now)
            self._entries[key] = entry
        entry.used = now
        self._entries.move_to_end(key)
        self._drop_idle(now)
        return entry

    def _drop_idle(self, now: float) -> None:
        while self._entries:
            oldest = next(iter(self._entries.values()))
            if len(self._entries) <= _LOGINS and now - oldest.used <= _LOGIN_SECONDS:
                return
            self._entries.popitem(last=False)


CLIENTS = Clients()


def config(service: str, login: Login) -> Config:
    """Return a client's settings: adaptive retries, and path-style S3 where an endpoint is set."""
    settings = Config(
        retries={"mode": "adaptive", "total_max_attempts": 6},
        connect_timeout=10,
        read_timeout=60,
        user_agent_extra="airflow-codepipeline",
        # A host prefix in front of a local endpoint's name leads nowhere.
        inject_host_prefix=not _has_endpoint(service, login),
    )
    if service == "lambda":
        return settings.merge(_LAMBDA)
    if service == "s3" and _has_endpoint(service, login):
        return settings.merge(Config(s3={"addressing_style": "path"}))
    return settings


def _has_endpoint(service: str, login: Login) -> bool:
    variable = f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"
    configured = login.endpoints.get(service) or login.endpoints.get(None)
    return bool(configured or os.environ.get(variable) or os.environ.get("AWS_ENDPOINT_URL"))


def _log_in(identity: AwsIdentity, execution_id: str) -> Login:
    current = login(identity.connection_id)
    for role in identity.roles:
        current = assume(current, role, region=identity.region, name=session_name(execution_id))
    return current
