"""The Airflow connection that git logs in with: `airflow: {git_conn_id: …}`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_codepipeline.actions.git_remote import Remote, check_secrecy
from airflow_codepipeline.actions.settings import misconfigured

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext


@dataclass(frozen=True, kw_only=True)
class GitConnection:
    """What an Airflow connection says of a git server.

    :param server: its address, such as https://github.example.com, or none.
    :param type: Airflow's type of the connection.
    """

    server: str | None
    type: str = ""
    user: str | None
    password: str | None = field(repr=False)

    def remote(self, url: str, *, user: str) -> Remote:
        """Return a repository of that server.

        :param user: the name to log in with, where the connection has none: the provider's for tokens.
        :raises ActionError: the password would go over a network in the clear.
        """
        if not self.password:
            return Remote(url=url)
        check_secrecy(url)
        return Remote(url=url, login=(self.user or user, self.password))


def git_connection(context: ActionContext) -> GitConnection | None:
    """Return the connection that the action names, or none where it names none.

    :raises ActionError: Airflow has no such connection.
    """
    name = context.action.airflow.git_conn_id
    if name is None:
        return None
    found = named_connection(name)
    if found is None:
        raise misconfigured(context, f"Airflow has no connection {name} (git_conn_id).")
    return found


def named_connection(name: str) -> GitConnection | None:
    """Return a connection, or none where Airflow has none of that name."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        found = Connection.get(name)
    except AirflowNotFoundException:
        return None
    return of_airflow(found)


def of_airflow(connection: Any) -> GitConnection:
    """Return what a connection says, as Airflow gives it to tasks or to the API server."""
    return GitConnection(
        server=_server(connection),
        type=connection.conn_type or "",
        user=connection.login,
        password=connection.password,
    )


def same_server(server: str, url: str) -> bool:
    """Whether an address is one of that server."""
    wanted, given = urlsplit(server), urlsplit(url)
    return (wanted.scheme, wanted.netloc) == (given.scheme, given.netloc)


def _server(connection: object) -> str | None:
    host: str = getattr(connection, "host", None) or ""
    if not host:
        return None
    if "://" in host:
        return host.rstrip("/")
    port = getattr(connection, "port", None)
    scheme = getattr(connection, "schema", None) or "https"
    return f"{scheme}://{host.rstrip('/')}" + (f":{port}" if port else "")
