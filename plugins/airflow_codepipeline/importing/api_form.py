"""A definition as the API's own declaration: what is required there is written, though it is a default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.model import Pipeline

_ORDER = (
    "name",
    "pipelineType",
    "executionMode",
    "roleArn",
    "artifactStore",
    "artifactStores",
    "variables",
    "triggers",
    "stages",
    "version",
    "airflow",
)


_TYPE_ORDER = ("category", "owner", "provider", "version")


def api_form(pipeline: Pipeline) -> dict[str, Any]:
    """Return the data of a declaration, keys in the order people read them in."""
    data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(pipeline))
    for store in _stores(data):
        _default(store, type="S3")
        if "encryptionKey" in store:
            _default(store["encryptionKey"], type="KMS")
    for stage in data["stages"]:
        for action in stage["actions"]:
            _default(action["actionTypeId"], owner="AWS", version="1")
            action["actionTypeId"] = {key: action["actionTypeId"][key] for key in _TYPE_ORDER}
        for blocker in stage.get("blockers", ()):
            _default(blocker, type="Schedule")
        for rule in _rules(stage):
            _default(rule["ruleTypeId"], category="Rule", owner="AWS")
    for trigger in data.get("triggers", ()):
        _default(trigger, providerType="CodeStarSourceConnection")
    return {key: data[key] for key in _ORDER if key in data}


def _default(data: dict[str, Any], **values: str) -> None:
    for key, value in values.items():
        data.setdefault(key, value)


def _stores(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "artifactStore" in data:
        yield data["artifactStore"]
    yield from data.get("artifactStores", {}).values()


def _rules(stage: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for hook in ("beforeEntry", "onSuccess", "onFailure"):
        for condition in stage.get(hook, {}).get("conditions", ()):
            yield from condition.get("rules", ())
