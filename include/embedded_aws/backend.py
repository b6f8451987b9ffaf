"""Clients of MiniStack for the services of ours."""

from __future__ import annotations

import re
import threading
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from embedded_aws.caller import Caller
from embedded_aws.settings import ACCOUNT, REGION

_SECRET = "test"  # noqa: S105  MiniStack knows this one for every account's root
_ROOT_KEY = re.compile(r"\d{12}")
_CONFIG = Config(retries={"mode": "standard", "max_attempts": 3}, s3={"addressing_style": "path"})
_making_clients = threading.Lock()


class Backend:
    """MiniStack as the services of ours use it.

    :param url: where MiniStack itself listens, behind the gateway.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._accounts: dict[str, str] = {}

    def session(self, account: str, region: str) -> boto3.Session:
        """A session of the root of `account`: MiniStack takes a 12-digit access key as that."""
        return boto3.Session(account, _SECRET, region_name=region)

    def role_session(self, role: str, region: str, *, name: str, seconds: int) -> boto3.Session:
        """A session of `role`, assumed for `seconds` by the role's own account.

        :raises ClientError: STS refused.
        """
        account = role.split(":")[4]
        sts = self.client(self.session(account, region), "sts")
        keys = sts.assume_role(RoleArn=role, RoleSessionName=name, DurationSeconds=seconds)["Credentials"]
        return boto3.Session(
            keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=region
        )

    def client(self, session: boto3.Session, service: str) -> Any:
        """A client of `service`; boto3 makes them in one thread at a time."""
        with _making_clients:
            return session.client(service, endpoint_url=self.url, config=_CONFIG)

    def caller(self, access_key: str, region: str) -> Caller:
        """Who holds `access_key`."""
        return Caller(account=self._account(access_key), region=region, access_key=access_key)

    def _account(self, access_key: str) -> str:
        if _ROOT_KEY.fullmatch(access_key):
            return access_key
        # Like MiniStack: keys that are not a role session's, such as `test`, are the default account's.
        if not access_key.startswith("ASIA"):
            return ACCOUNT
        if access_key not in self._accounts:
            self._accounts[access_key] = self._ask_account(access_key)
        return self._accounts[access_key]

    def _ask_account(self, access_key: str) -> str:
        sts = self.client(self.session(ACCOUNT, REGION), "sts")
        try:
            return str(sts.get_access_key_info(AccessKeyId=access_key)["Account"])
        except ClientError:
            return ACCOUNT
