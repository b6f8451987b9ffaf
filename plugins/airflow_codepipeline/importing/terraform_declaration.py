"""The values of Terraform's `aws_codepipeline` to a declaration as the API has it.

Blocks are lists there, also where there can only be one; names are in snake case and singular.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.importing.request_files import tag_label
from airflow_codepipeline.importing.values import Mapping, Sequence, Text

if TYPE_CHECKING:
    from collections.abc import Callable

_PLURALS = {
    "stage": "stages",
    "action": "actions",
    "trigger": "triggers",
    "variable": "variables",
    "condition": "conditions",
    "rule": "rules",
}
_SINGLE = frozenset(
    {
        "before_entry",
        "on_success",
        "on_failure",
        "retry_configuration",
        "rule_type_id",
        "git_configuration",
        "encryption_key",
        "branches",
        "tags",
        "file_paths",
    }
)
WITH_PARTS = (
    frozenset(_PLURALS)
    | _SINGLE
    | {
        "artifact_store",
        "configuration",
        "input_artifacts",
        "output_artifacts",
    }
)
"""The attributes that no text can stand for."""
_TYPE_ID = ("category", "owner", "provider", "version")
_NOT_DECLARED = ("id", "arn", "tags_all", "region", "tags", "trigger_all", "timeouts", "artifact_store")


def declaration(values: Mapping) -> Mapping:
    """Return the declaration of an `aws_codepipeline`."""
    declared = Mapping(values.position)
    for key, value in values.items():
        if key not in _NOT_DECLARED:
            declared[key] = value
    made = _block(declared)
    made.update(_stores(values.get("artifact_store")))
    tags = values.get("tags")
    if isinstance(tags, Mapping) and tags:
        labels = Sequence(tags.position)
        for key, value in tags.items():
            labels.add(tag_label(key, value), tags.position)
        made["airflow"] = Mapping(tags.position)
        made["airflow"]["tags"] = labels
    return made


def _block(block: Mapping) -> Mapping:
    made = Mapping(block.position)
    for key, value in block.items():
        if not _is_empty(value):
            name = _PLURALS.get(key, _camel(key))
            made[name] = _READERS.get(key, _value)(_only(value) if key in _SINGLE else value)
    return made


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _block(value)
    if isinstance(value, Sequence):
        items = Sequence(value.position)
        for index, item in enumerate(value):
            items.add(_value(item), value.place(index))
        return items
    return value


def _actions(value: Any) -> Any:
    actions = Sequence(getattr(value, "position", None))
    for item in value if isinstance(value, Sequence) else ():
        actions.add(_action(item) if isinstance(item, Mapping) else item, getattr(item, "position", None))
    return actions


def _action(action: Mapping) -> Mapping:
    type_id = Mapping(action.position)
    rest = Mapping(action.position)
    for key, value in action.items():
        (type_id if key in _TYPE_ID else rest)[key] = value
    made = _block(rest)
    made["actionTypeId"] = type_id
    return made


def _artifacts(value: Any) -> Any:
    """Return artifacts as mappings: Terraform has their names alone."""
    artifacts = Sequence(getattr(value, "position", None))
    for name in value if isinstance(value, Sequence) else ():
        artifact = Mapping(artifacts.position)
        artifact["name"] = name
        artifacts.add(artifact, artifacts.position)
    return artifacts


def _stores(value: Any) -> dict[str, Any]:
    stores = [store for store in value or () if isinstance(store, Mapping)] if isinstance(value, list) else []
    read = []
    for store in stores:
        plain = Mapping(store.position)
        plain.update({key: item for key, item in store.items() if key != "region"})
        read.append((store.get("region"), _block(plain)))
    # The region of an only store is the provider's: nothing needs to know it before it is applied.
    if len(read) == 1 and (not read[0][0] or isinstance(read[0][0], Text)):
        return {"artifactStore": read[0][1]}
    by_region = Mapping()
    by_region.update({str(region): store for region, store in read})
    return {"artifactStores": by_region} if read else {}


def _is_empty(value: Any) -> bool:
    """Tell whether a block lacks a value: the provider writes an empty text, list or 0 for none."""
    return value is None or value in ("", 0) or (isinstance(value, dict | list) and not value)


def _only(value: Any) -> Any:
    return value[0] if isinstance(value, Sequence) and len(value) == 1 else value


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _as_it_is(value: Any) -> Any:
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    "action": _actions,
    "configuration": _as_it_is,
    "input_artifacts": _artifacts,
    "output_artifacts": _artifacts,
}
