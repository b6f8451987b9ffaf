"""An Airflow connection as the API server uses it for a git server: the webhook's secret, and its API."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.actions.git_login import of_airflow
from airflow_codepipeline.actions.git_remote import check_secrecy
from airflow_codepipeline.errors import ActionError, CodePipelineError

if TYPE_CHECKING:
    from airflow_codepipeline.actions.git_login import GitConnection

WEBHOOK_SECRET, API_URL = "webhook_secret", "api_url"
"""The keys of a connection's extra."""
PATIENCE_SECONDS = 5.0
"""A provider waits 10 seconds for the answer to its message (GitHub, GitLab)."""


class ProviderApiError(CodePipelineError):
    """A provider's API did not give what a trigger needs; its message may be sent again."""


@dataclass(frozen=True, kw_only=True)
class GitServer:
    """What an Airflow connection says.

    :param secret: what proves who sent a webhook's message.
    :param api: the address of the server's API, where it is not the usual one.
    """

    connection_id: str
    login: GitConnection
    secret: str | None = field(default=None, repr=False)
    api: str | None = None

    def ask(self, method: str, url: str, headers: dict[str, str], **more: Any) -> Any:
        """Send a request to the server's API and return what its answer says; none: nothing.

        :param more: `params` or `json`, as httpx takes them.
        :raises ProviderApiError: there is no answer, or it is an error.
        """
        import httpx

        try:
            if self.login.password:
                check_secrecy(url)
            with httpx.Client(timeout=PATIENCE_SECONDS, follow_redirects=True) as client:
                answer = client.request(method, url, headers=headers, **more)
                answer.raise_for_status()
                return answer.json() if answer.content else None
        except ActionError as error:
            raise ProviderApiError(error.message) from error
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderApiError(f"{method} {url} was not answered as it should be: {error}.") from error

    def bearer(self) -> dict[str, str]:
        """Return the header that gives the connection's password as a token; none where it has none."""
        return {"Authorization": f"Bearer {self.login.password}"} if self.login.password else {}

    def basic(self, login: str) -> dict[str, str]:
        """Return the header that gives a login and the connection's password."""
        pair = base64.b64encode(f"{login}:{self.login.password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}


def find_git_server(connection_id: str) -> GitServer | None:
    """Return what Airflow knows by a connection's id, wherever it keeps its connections; none: nothing."""
    from airflow.models.connection import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        found: Any = Connection.get_connection_from_secrets(connection_id)
    except AirflowNotFoundException:
        return None
    extra = {key: str(value) for key, value in found.extra_dejson.items() if value is not None}
    return GitServer(
        connection_id=connection_id,
        login=of_airflow(found),
        secret=extra.get(WEBHOOK_SECRET) or None,
        api=(extra.get(API_URL) or "").rstrip("/") or None,
    )
