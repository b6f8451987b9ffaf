"""The JSON Schema of a definition, for editors: the models, with the limits of the API's shapes."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from airflow_codepipeline.definition.limits import LIMITS, OWN_LIMITS, Limit
from airflow_codepipeline.definition.model import Pipeline

_SIZES = {"string": ("minLength", "maxLength"), "array": ("minItems", "maxItems")}
_NUMBERS = ("minimum", "maximum")


def schema_text() -> str:
    """Return the schema as it is kept in docs/schema/codepipeline.schema.json."""
    return json.dumps(schema(), indent=2) + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a file: a declaration, or one in get-pipeline's envelope."""
    _, definitions = msgspec.json.schema_components([Pipeline], ref_template="#/$defs/{name}")
    for model, limits in (LIMITS | OWN_LIMITS).items():
        properties = definitions[model.__name__]["properties"]
        names = {field.name: field.encode_name for field in msgspec.structs.fields(model)}
        for name, limit in limits.items():
            _limit(properties[names[name]], limit)
    envelope = {
        "type": "object",
        "properties": {"pipeline": {"$ref": "#/$defs/Pipeline"}, "metadata": {"type": "object"}},
        "required": ["pipeline"],
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "AWS CodePipeline declaration",
        "anyOf": [{"$ref": "#/$defs/Pipeline"}, envelope],
        "$defs": definitions,
    }


def _limit(described: dict[str, Any], limit: Limit) -> None:
    """Add a limit to the description of a value, to the form of it that is not null."""
    for form in described.get("anyOf", [described]):
        if form.get("type") == "null":
            continue
        least, most = _SIZES.get(form["type"], _NUMBERS)
        if form["type"] != "object":
            form.update({least: limit.least} if limit.least is not None else {})
            form.update({most: limit.most} if limit.most is not None else {})
        if limit.pattern is not None:
            form["pattern"] = f"^{limit.pattern}$"
        if limit.item is not None:
            _limit(form["items" if form["type"] == "array" else "additionalProperties"], limit.item)
        if limit.key is not None:
            form["propertyNames"] = {"minLength": limit.key.least, "maxLength": limit.key.most}
