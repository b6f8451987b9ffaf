from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from airflow_codepipeline.definition.schema import schema, schema_text

DEFINITIONS = Path(__file__).parents[2] / "data" / "definitions" / "pipelines"
PUBLISHED = Path(__file__).parents[3] / "docs" / "schema" / "codepipeline.schema.json"


def test_the_published_schema_is_up_to_date():
    assert PUBLISHED.read_text() == schema_text(), f"codepipeline schema > {PUBLISHED.name}"


def test_names_have_their_patterns_and_lengths():
    action = schema()["$defs"]["Action"]["properties"]

    assert action["name"] == {
        "type": "string",
        "minLength": 1,
        "maxLength": 100,
        "pattern": r"^[A-Za-z0-9.@\-_]+$",
    }
    assert action["runOrder"]["maximum"] == 999
    assert action["commands"]["items"]["maxLength"] == 1000


def test_unknown_keys_are_refused_and_the_extension_is_known():
    definitions = schema()["$defs"]

    assert definitions["Action"]["additionalProperties"] is False
    assert "schedule" in json.dumps(definitions["PipelineExtension"]["properties"])


def test_the_schema_accepts_a_good_definition_and_refuses_a_misspelled_key(web_shop):
    validator = jsonschema.Draft202012Validator(schema())

    validator.validate(json.loads((DEFINITIONS / "web-shop.json").read_text()))
    validator.validate(web_shop)
    web_shop["stages"][0]["actionz"] = []
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(web_shop)
