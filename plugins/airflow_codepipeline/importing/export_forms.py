"""A definition as CodePipeline's JSON, and as a CloudFormation resource: the way back of an import."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from airflow_codepipeline.importing.api_form import api_form
from airflow_codepipeline.importing.labels import words
from airflow_codepipeline.importing.secret_values import MASK, Secrets, editable

if TYPE_CHECKING:
    from airflow_codepipeline.definition.model import Pipeline


def get_pipeline_text(pipeline: Pipeline) -> str:
    """Return what `aws codepipeline get-pipeline` would print: secrets are masked, `airflow:` is left out."""
    declared = _masked(pipeline)
    declared.pop("airflow", None)
    return json.dumps({"pipeline": declared}, indent=2, ensure_ascii=False) + "\n"


def template_text(pipeline: Pipeline) -> str:
    """Return a CloudFormation template with the pipeline as its one resource; secrets are masked.

    Tags are those of `airflow:`; the rest of it, and the declaration's version, are left out.
    """
    declared = _masked(pipeline)
    tags = declared.pop("airflow", {}).get("tags", [])
    declared.pop("version", None)
    stores = declared.pop("artifactStores", {})
    properties = _properties(declared)
    if stores:
        properties["ArtifactStores"] = [
            {"Region": region, "ArtifactStore": _properties(store)} for region, store in stores.items()
        ]
    if tags:
        properties["Tags"] = [_tag(label) for label in tags]
    resource = {"Type": "AWS::CodePipeline::Pipeline", "Properties": properties}
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {_logical_id(pipeline): resource}}
    text: str = yaml.safe_dump(template, sort_keys=False, allow_unicode=True, width=1_000_000)
    return text


def _masked(pipeline: Pipeline) -> dict[str, Any]:
    declared = editable(api_form(pipeline))
    secrets = Secrets(lambda _label: MASK)
    secrets.take_out(declared["stages"])
    secrets.take_out(declared.get("variables"))
    plain: dict[str, Any] = json.loads(json.dumps(declared))
    for stage in plain["stages"]:
        stage.pop("airflow", None)
        for action in stage["actions"]:
            action.pop("airflow", None)
    return plain


def _properties(value: Any) -> Any:
    if isinstance(value, list):
        return [_properties(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key[0].upper() + key[1:]: item if key == "configuration" else _properties(item)
        for key, item in value.items()
    }


def _tag(label: str) -> dict[str, str]:
    key, _, value = label.partition("=")
    return {"Key": key, "Value": value}


def _logical_id(pipeline: Pipeline) -> str:
    joined = "".join(word.capitalize() for word in words(pipeline.name).split())
    return joined if joined[:1].isalpha() else f"Pipeline{joined}"
