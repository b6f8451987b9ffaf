"""Whose credentials a call carries: a connection's or the environment's, and roles assumed on top."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError

from airflow_codepipeline.aws.errors import raise_translated, translate_calls

if TYPE_CHECKING:
    from botocore.session import Session as BotocoreSession

STS_CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=10, read_timeout=30)
_LEGAL_SESSION_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)
# Service models cost tens of milliseconds each to read; all sessions share what was read.
_LOADER = botocore.loaders.create_loader()


@dataclass(frozen=True, kw_only=True)
class Login:
    """A session, and what an Airflow connection adds to its clients.

    :param endpoints: endpoint URLs by service; None holds for every service that has none of its own.
    :param external_id: what the roles' trust policies may ask for.
    """

    session: boto3.Session
    endpoints: dict[str | None, str] = field(default_factory=dict)
    external_id: str | None = None
    verify: bool | str | None = None

    def client(self, service: str, region: str, config: Config) -> Any:
        """Make a client. Not thread-safe: sessions are not."""
        endpoint = self.endpoints.get(service) or self.endpoints.get(None)
        try:
            return self.session.client(
                service, region_name=region, config=config, endpoint_url=endpoint, verify=self.verify
            )
        except BotoCoreError as error:
            raise_translated(error, f"Making a client for {service} in {region}")


def session_name(execution_id: str) -> str:
    """Return the RoleSessionName of an execution (STS: 2 to 64 of `[\\w+=,.@-]`)."""
    return _LEGAL_SESSION_NAME.sub("-", execution_id)[:64].ljust(2, "-")


def login(connection_id: str | None) -> Login:
    """Log in with an Airflow connection, or as boto3 finds credentials in the environment."""
    return _connection_login(connection_id) if connection_id else Login(session=_new_session())


def profile_login(profile: str | None) -> Login:
    """Log in as the AWS command line does: with a profile, or as the environment says.

    :raises ActionError: there is no such profile, or AWS's configuration cannot be read.
    """
    session = botocore.session.Session(profile=profile)
    try:
        session.get_scoped_config()
    except BotoCoreError as error:
        raise_translated(error, "AWS's configuration")
    return Login(session=boto3.Session(botocore_session=_prepare(session)))


def assume(base: Login, role: str, *, region: str, name: str) -> Login:
    """Return a login under `role`, which renews itself before it expires.

    :param region: where STS is asked.
    :param name: the role session name: it is what CloudTrail shows.
    """
    sts = base.client("sts", region, STS_CONFIG)

    def refresh() -> dict[str, str]:
        return _metadata(assume_role(sts, role, name=name, external_id=base.external_id))

    session = _new_session()
    # botocore has no public way to set refreshable credentials; the amazon provider does the same.
    session._session._credentials = DeferredRefreshableCredentials(refresh, "sts-assume-role")
    return Login(session=session, endpoints=base.endpoints, external_id=base.external_id, verify=base.verify)


def assume_role(
    sts: Any, role: str, *, name: str, external_id: str | None = None, policy: str | None = None
) -> dict[str, Any]:
    """Assume a role; return STS's Credentials.

    :param policy: a session policy that narrows what the role may do.
    """
    arguments = {"RoleArn": role, "RoleSessionName": name}
    if external_id:
        arguments["ExternalId"] = external_id
    if policy:
        arguments["Policy"] = policy
    credentials: dict[str, Any] = sts.assume_role(**arguments)["Credentials"]
    return credentials


def _new_session() -> boto3.Session:
    return boto3.Session(botocore_session=_prepare(botocore.session.get_session()))


def _prepare(session: BotocoreSession) -> BotocoreSession:
    session.register_component("data_loader", _LOADER)
    session.register("creating-client-class", translate_calls, unique_id="codepipeline-errors")
    return session


def _connection_login(connection_id: str) -> Login:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    hook = AwsBaseHook(aws_conn_id=connection_id)
    connection = hook.conn_config
    session = hook.get_session()
    _prepare(session._session)
    return Login(
        session=session,
        endpoints=_endpoints(connection.endpoint_url, connection.service_config or {}),
        external_id=_external_id(connection.extra_config),
        verify=connection.verify,
    )


def _endpoints(everywhere: str | None, services: dict[str, dict[str, Any]]) -> dict[str | None, str]:
    own: dict[str | None, str] = {
        service: str(config["endpoint_url"])
        for service, config in services.items()
        if config.get("endpoint_url")
    }
    return own | {None: everywhere} if everywhere else own


def _external_id(extra: dict[str, Any]) -> str | None:
    named = extra.get("assume_role_kwargs", {}).get("ExternalId") or extra.get("external_id")
    return str(named) if named else None


def _metadata(credentials: dict[str, Any]) -> dict[str, str]:
    return {
        "access_key": credentials["AccessKeyId"],
        "secret_key": credentials["SecretAccessKey"],
        "token": credentials["SessionToken"],
        "expiry_time": credentials["Expiration"].isoformat(),
    }
