"""What an import reads of an account: its pipelines, and what belongs to them there."""

from __future__ import annotations

import os
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, Self

from airflow_codepipeline.aws.clients import config
from airflow_codepipeline.aws.credentials import profile_login
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
# What holds for every call.
_WHOLLY_WRONG = frozenset(
    {
        "ConfigurationError",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "UnrecognizedClientException",
    }
)


class Account:
    """An AWS account in one region, with the credentials of AWS's command line.

    :param region: none: that of the environment, or of the profile.
    :param profile: none: that of the environment.
    :raises ActionError: the profile does not exist, or no region is known.
    """

    def __init__(self, *, region: str | None, profile: str | None) -> None:
        self._login = profile_login(profile)
        found = region or os.environ.get("AWS_REGION") or self._login.session.region_name
        if not found:
            message = "No region is known: give --region, or set AWS_REGION."
            raise ActionError("ConfigurationError", message)
        self.region: str = found
        self._clients = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._clients.close()

    def client(self, service: str) -> Any:
        """Return a client, which is closed with the account."""
        client = self._login.client(service, self.region, config(service, self._login))
        return self._clients.enter_context(closing(client))

    def unless_denied(self, read: Callable[[], list[Any]], refused: list[str]) -> list[Any]:
        """Return what is not needed and may be missing: nothing, and a reason, where it may not be read.

        :param refused: gets the reason.
        """
        try:
            return read()
        except ActionError as error:
            if error.code not in _DENIED:
                raise
            refused.append(error.message)
            return []


def pages(client: Any, operation: str, key: str, **arguments: Any) -> list[Any]:
    """Return the items of every page of an operation's answer."""
    paginator = client.get_paginator(operation)
    return [item for page in paginator.paginate(**arguments) for item in page.get(key, ())]


def read_pipelines(
    names: Iterable[str], *, every: bool, region: str | None, profile: str | None
) -> dict[str, Any]:
    """Return pipelines of an account, as `importing.account.read_account` takes them.

    What cannot be read is said there, and never raised.

    :param every: all that the account has in the region, whatever the names.
    """
    try:
        with Account(region=region, profile=profile) as account:
            return _Pipelines(account).read(list(dict.fromkeys(names)), every=every)
    except ActionError as error:
        failed = {"name": region or "AWS", "message": error.message}
        empty: dict[str, Any] = dict.fromkeys(("pipelines", "webhooks", "actionTypes", "refused"), ())
        return {"region": region, "failed": [failed], **empty}


class _Pipelines:
    """Reads pipelines one after the other: one that cannot be read leaves the others."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = account.client("codepipeline")
        self._refused: list[str] = []
        self._failed: list[dict[str, Any]] = []
        self._known: list[str] | None = None

    def read(self, names: list[str], *, every: bool) -> dict[str, Any]:
        if every:
            names = self._names()
            if not names:
                message = f"There is no pipeline in {self._account.region}."
                self._failed.append({"name": self._account.region, "message": message, "known": []})
        pipelines = [entry for name in names if (entry := self._pipeline(name)) is not None]
        webhooks, action_types = self._belonging(pipelines)
        return {
            "region": self._account.region,
            "pipelines": pipelines,
            "webhooks": webhooks,
            "actionTypes": action_types,
            "refused": self._refused,
            "failed": self._failed,
        }

    def _names(self) -> list[str]:
        return [item["name"] for item in pages(self._client, "list_pipelines", "pipelines")]

    def _pipeline(self, name: str) -> dict[str, Any] | None:
        try:
            return self._entry(name)
        except ActionError as error:
            if error.code in _WHOLLY_WRONG:
                raise
            if error.code == "PipelineNotFoundException":
                self._not_there(name)
            else:
                self._failed.append({"name": name, "message": error.message})
            return None

    def _entry(self, name: str) -> dict[str, Any]:
        answer = self._client.get_pipeline(name=name)
        arn: str = answer["metadata"]["pipelineArn"]
        refused: list[str] = []
        return {
            "pipeline": answer["pipeline"],
            "arn": arn,
            "tags": self._account.unless_denied(
                lambda: pages(self._client, "list_tags_for_resource", "tags", resourceArn=arn), refused
            ),
            "stageStates": self._account.unless_denied(lambda: self._states(name), refused),
            "refused": refused,
        }

    def _states(self, name: str) -> list[Any]:
        return list(self._client.get_pipeline_state(name=name).get("stageStates", ()))

    def _not_there(self, name: str) -> None:
        if self._known is None:
            self._known = self._account.unless_denied(self._names, [])
        message = f"There is no pipeline {name} in {self._account.region}."
        self._failed.append({"name": name, "message": message, "known": self._known})

    def _belonging(self, pipelines: list[dict[str, Any]]) -> tuple[list[Any], list[Any]]:
        """Return the account's webhooks, and its custom action types where a pipeline has one."""
        if not pipelines:
            return [], []
        webhooks = self._part("webhooks", lambda: pages(self._client, "list_webhooks", "webhooks"))
        types: list[Any] = []
        if any(_has_custom_action(entry["pipeline"]) for entry in pipelines):
            types = self._part(
                "custom action types",
                lambda: pages(self._client, "list_action_types", "actionTypes", actionOwnerFilter="Custom"),
            )
        return [webhook["definition"] for webhook in webhooks], types

    def _part(self, what: str, read: Callable[[], list[Any]]) -> list[Any]:
        try:
            return self._account.unless_denied(read, self._refused)
        except ActionError as error:
            self._failed.append({"name": what, "message": error.message})
            return []


def _has_custom_action(pipeline: dict[str, Any]) -> bool:
    actions = (action for stage in pipeline["stages"] for action in stage["actions"])
    return any(action["actionTypeId"]["owner"] == "Custom" for action in actions)
