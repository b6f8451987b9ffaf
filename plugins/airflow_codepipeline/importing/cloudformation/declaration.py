"""The properties of `AWS::CodePipeline::Pipeline` to a declaration as the API has it.

The names are the same but for the case of their first letter; what differs is named here. Source:
CloudFormation template reference, AWS::CodePipeline::Pipeline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.findings import shown
from airflow_codepipeline.importing.fitting import fitted, regions_apart
from airflow_codepipeline.importing.kinds import LEFT_OUT, MALFORMED, FaultError
from airflow_codepipeline.importing.request_files import dag_tags
from airflow_codepipeline.importing.values import Mapping, Sequence, Text, json_text, scalar_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.findings import Problem

_ELSEWHERE = ("DisableInboundStageTransitions", "ArtifactStores", "Tags", "Name")


def declaration(properties: Mapping, problems: list[Problem]) -> Mapping:
    """Return the declaration without its name; what it cannot hold is said in `problems`.

    :raises FaultError: a property is spelled as no property is.
    """
    apart = regions_apart(properties.get("ArtifactStores"), _regions_of_actions(properties))
    properties = fitted(properties, apart)
    made = Mapping(properties.position)
    for key, value in properties.items():
        if key == "RestartExecutionOnUpdate":
            if scalar_text(value) == "true":
                message = "RestartExecutionOnUpdate is left out: an import starts no execution."
                problems.append(LEFT_OUT.problem(message, position=properties.place(key)))
        elif key not in _ELSEWHERE:
            _put(made, camel(key, properties), _value(key, value), properties, key)
    if "ArtifactStores" in properties:
        _put(made, "artifactStores", _stores(properties["ArtifactStores"]), properties, "ArtifactStores")
    if properties.get("Tags"):
        _put(made, "airflow", _tags(properties["Tags"]), properties, "Tags")
    return made


def _regions_of_actions(properties: Mapping) -> Iterator[str]:
    """Yield the regions that actions name."""
    for stage in _mappings(properties.get("Stages")):
        for action in _mappings(stage.get("Actions")):
            region = action.get("Region")
            if isinstance(region, str) and not isinstance(region, Text):
                yield region


def _mappings(value: Any) -> list[Mapping]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def camel(key: str, mapping: Mapping) -> str:
    """Return a property's name as the API spells it.

    :raises FaultError: it does not start with a capital letter.
    """
    if not key[:1].isupper():
        right = f"Did you mean '{key[:1].upper()}{key[1:]}'?" if key else ""
        raise FaultError(MALFORMED, f"Unknown property {shown(key)}.", mapping.place(key), right)
    return key if key in _CAPITAL else key[0].lower() + key[1:]


_CAPITAL = frozenset({"AllowedIPRange", "SecretToken"})
"""The members that the API spells with a capital, too: of WebhookAuthConfiguration."""


def _put(made: Mapping, name: str, value: Any, source: Mapping, key: str) -> None:
    made[name] = value
    made.places[name] = source.place(key) or (1, 1)


def _value(key: str, value: Any) -> Any:
    if key == "Configuration" and isinstance(value, Mapping):
        return _configuration(value)
    return api_value(value)


def api_value(value: Any) -> Any:
    """Return a property's value with the API's names."""
    if isinstance(value, Sequence):
        items = Sequence(value.position)
        for index, item in enumerate(value):
            items.add(api_value(item), value.place(index))
        return items
    if not isinstance(value, Mapping):
        return value
    made = Mapping(value.position)
    for key, item in value.items():
        _put(made, camel(key, value), _value(key, item), value, key)
    return made


def _configuration(value: Mapping) -> Mapping:
    """Return a configuration: every value is a text, a JSON value is written as one."""
    made = Mapping(value.position)
    for key, item in value.items():
        text = json_text(item) if isinstance(item, dict | list) else item
        _put(made, key, text, value, key)
    return made


def _stores(value: Any) -> Mapping:
    made = Mapping(getattr(value, "position", None))
    for item in value if isinstance(value, Sequence) else ():
        if isinstance(item, Mapping) and "Region" in item and "ArtifactStore" in item:
            _put(made, scalar_text(item["Region"]), api_value(item["ArtifactStore"]), item, "ArtifactStore")
    if not isinstance(value, Sequence) or len(made) != len(value):
        message = "ArtifactStores is a list of a Region and an ArtifactStore each, every region once."
        raise FaultError(MALFORMED, message, made.position)
    return made


def _tags(value: Any) -> Mapping:
    if not isinstance(value, Sequence) or not all(
        isinstance(item, Mapping) and "Key" in item for item in value
    ):
        raise FaultError(
            MALFORMED, "Tags is a list of a Key and a Value each.", getattr(value, "position", None)
        )
    return dag_tags(value, "Key", "Value")
