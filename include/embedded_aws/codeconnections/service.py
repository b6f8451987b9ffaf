"""CodeConnections as a service of the gateway."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from embedded_aws.codeconnections.store import AVAILABLE, Resource, Resources
from embedded_aws.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded_aws.caller import Caller

STATUS_TAG = "embedded-aws:status"
"""The tag that lets a connection be made in another status than AVAILABLE."""

_PAGE = 50
_CONNECTION, _HOST = "connection", "host"


class CodeConnections:
    """Connections and hosts; no repository links and synchronisation.

    A connection is AVAILABLE at once, as after a person has completed it in AWS's console; the tag
    `embedded-aws:status` gives it another status.

    :param name: `codeconnections`, or `codestar-connections` as it was called before.
    """

    invalid_input = "InvalidInputException"

    def __init__(self, *, name: str, resources: Resources) -> None:
        self.name = name
        self._resources = resources

    def operations(self) -> Mapping[str, Callable[[Caller, dict[str, Any]], dict[str, Any]]]:
        """What is implemented."""
        return {
            "CreateConnection": self._create_connection,
            "CreateHost": self._create_host,
            "DeleteConnection": lambda _caller, given: self._delete(given["ConnectionArn"]),
            "DeleteHost": lambda _caller, given: self._delete(given["HostArn"]),
            "GetConnection": self._get_connection,
            "GetHost": self._get_host,
            "ListConnections": self._list_connections,
            "ListTagsForResource": self._tags,
        }

    def not_here(self, operation: str) -> ServiceError:
        """Say that the embedded CodeConnections cannot do it."""
        message = f"The embedded CodeConnections has no {operation}; docs/embedded-aws.md lists what it has"
        return ServiceError("UnsupportedOperationException", message)

    def _create_connection(self, caller: Caller, given: dict[str, Any]) -> dict[str, Any]:
        host = self._find(given["HostArn"]) if "HostArn" in given else None
        provider = given.get("ProviderType") or (host.provider if host else None)
        if provider is None:
            raise ServiceError("InvalidInputException", "ProviderType or HostArn is required")
        tags = {tag["Key"]: tag["Value"] for tag in given.get("Tags", ())}
        made = Resource(
            kind=_CONNECTION,
            arn=self._arn(caller, _CONNECTION, str(uuid.uuid4())),
            name=given["ConnectionName"],
            provider=provider,
            status=tags.get(STATUS_TAG, AVAILABLE),
            host_arn=host.arn if host else None,
            tags=tuple(given.get("Tags", ())),
        )
        self._resources.put(made)
        return {"ConnectionArn": made.arn, "Tags": list(made.tags)}

    def _create_host(self, caller: Caller, given: dict[str, Any]) -> dict[str, Any]:
        made = Resource(
            kind=_HOST,
            arn=self._arn(caller, _HOST, f"{given['Name']}/{uuid.uuid4()}"),
            name=given["Name"],
            provider=given["ProviderType"],
            endpoint=given["ProviderEndpoint"],
            tags=tuple(given.get("Tags", ())),
        )
        self._resources.put(made)
        return {"HostArn": made.arn, "Tags": list(made.tags)}

    def _get_connection(self, _caller: Caller, given: dict[str, Any]) -> dict[str, Any]:
        return {"Connection": _connection(self._find(given["ConnectionArn"]))}

    def _get_host(self, _caller: Caller, given: dict[str, Any]) -> dict[str, Any]:
        host = self._find(given["HostArn"])
        return {
            "Name": host.name,
            "Status": host.status,
            "ProviderType": host.provider,
            "ProviderEndpoint": host.endpoint,
        }

    def _list_connections(self, caller: Caller, given: dict[str, Any]) -> dict[str, Any]:
        prefix = self._arn(caller, _CONNECTION, "")
        found = [one for one in self._resources.all() if one.arn.startswith(prefix)]
        for member, value in (("ProviderTypeFilter", "provider"), ("HostArnFilter", "host_arn")):
            found = [one for one in found if given.get(member) in (None, getattr(one, value))]
        start = _start(given.get("NextToken") or "0")
        end = start + (given.get("MaxResults") or _PAGE)
        answer: dict[str, Any] = {"Connections": [_connection(one) for one in found[start:end]]}
        return answer | ({"NextToken": str(end)} if end < len(found) else {})

    def _tags(self, _caller: Caller, given: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": list(self._find(given["ResourceArn"]).tags)}

    def _delete(self, arn: str) -> dict[str, Any]:
        self._find(arn)
        self._resources.delete(arn)
        return {}

    def _find(self, arn: str) -> Resource:
        found = self._resources.get(arn)
        if found is None:
            raise ServiceError("ResourceNotFoundException", f"Resource {arn} does not exist")
        return found

    def _arn(self, caller: Caller, kind: str, name: str) -> str:
        return f"arn:aws:{self.name}:{caller.region}:{caller.account}:{kind}/{name}"


def _start(token: str) -> int:
    if not token.isdecimal():
        raise ServiceError("InvalidNextTokenException", "The token is not valid")
    return int(token)


def _connection(one: Resource) -> dict[str, Any]:
    document = {
        "ConnectionName": one.name,
        "ConnectionArn": one.arn,
        "ProviderType": one.provider,
        "OwnerAccountId": one.arn.split(":")[4],
        "ConnectionStatus": one.status,
    }
    return document | ({"HostArn": one.host_arn} if one.host_arn else {})
