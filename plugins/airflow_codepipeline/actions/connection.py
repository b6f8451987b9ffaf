"""A connection as CodeConnections knows it, and where git finds what is behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_codepipeline.actions.connection_providers import PROVIDERS
from airflow_codepipeline.actions.settings import misconfigured, required
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Aws
    from airflow_codepipeline.actions.connection_providers import Provider

# The service has had two names; a connection keeps the one it was made under.
_ARN = re.compile(
    r"arn:aws[\w-]*:(?P<service>codeconnections|codestar-connections):(?P<region>[\w-]+):(?P<account>\d{12})"
    r":connection/(?P<id>[\w-]+)",
    re.ASCII,
)
_REPOSITORY = re.compile(r"(?!.*(?:^|/)\.)[\w. -]+(?:/[\w. -]+)+", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The connection and the repository of one action.

    :param server: the provider's address.
    :param proxy_url: where AWS shows the repository to git.
    """

    arn: str
    provider_type: str
    provider: Provider
    repository: str
    server: str
    proxy_url: str

    @property
    def url(self) -> str:
        """Where the provider itself shows the repository to git."""
        return self.provider.url(self.server, self.repository)


def read_connection(aws: Aws) -> Connection:
    """Return the connection that the action's configuration names.

    :raises ActionError: there is none, it cannot be used yet, or the configuration cannot work.
    """
    context = aws.context
    arn, repository = required(context, "ConnectionArn"), required(context, "FullRepositoryId")
    match = _ARN.fullmatch(arn)
    if match is None:
        raise misconfigured(context, f"ConnectionArn is {arn!r}. It must be the ARN of a connection.")
    if not _REPOSITORY.fullmatch(repository):
        raise misconfigured(context, f"FullRepositoryId is {repository!r}. It must be owner/repository.")
    client = aws.client(match["service"], region=match["region"])
    found = client.get_connection(ConnectionArn=arn)["Connection"]
    _check_status(context, found)
    provider_type = found["ProviderType"]
    place = f"{match['account']}/{match['region']}/{match['id']}/{quote(repository)}.git"
    return Connection(
        arn=arn,
        provider_type=provider_type,
        provider=_provider(context, provider_type),
        repository=repository,
        server=_server(client, found),
        proxy_url=f"{client.meta.endpoint_url.rstrip('/')}/git-http/{place}",
    )


def _check_status(context: ActionContext, found: dict[str, Any]) -> None:
    status = found.get("ConnectionStatus")
    if status != "AVAILABLE":
        name = found.get("ConnectionName", "")
        raise misconfigured(
            context, f"the connection {name} is {status}. Complete it in AWS's console, Developer Tools."
        )


def _provider(context: ActionContext, provider_type: str) -> Provider:
    if provider_type not in PROVIDERS:
        known = ", ".join(sorted(PROVIDERS))
        raise misconfigured(context, f"the connection's provider is {provider_type!r}. Known are {known}.")
    return PROVIDERS[provider_type]


def _server(client: Any, found: dict[str, Any]) -> str:
    server = PROVIDERS[found["ProviderType"]].server
    if server is not None:
        return server
    if not found.get("HostArn"):
        raise ActionError("ConfigurationError", f"The connection {found['ConnectionArn']} has no host.")
    return str(client.get_host(HostArn=found["HostArn"])["ProviderEndpoint"]).rstrip("/")
