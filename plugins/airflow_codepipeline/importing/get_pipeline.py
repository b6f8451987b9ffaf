"""What `aws codepipeline get-pipeline` prints, and a bare declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.findings import shown
from airflow_codepipeline.importing.found import Found, FoundPipeline
from airflow_codepipeline.importing.kinds import MALFORMED
from airflow_codepipeline.importing.request_files import dag_tags
from airflow_codepipeline.importing.values import Mapping, Sequence, scalar_text

if TYPE_CHECKING:
    from airflow_codepipeline.definition.findings import Problem

# What get-pipeline prints and boto3 returns, and what create-pipeline takes, beside the pipeline.
_BESIDE = frozenset({"pipeline", "metadata", "ResponseMetadata", "tags"})


def is_declaration(data: Any) -> bool:
    """Tell whether the data of a file is a pipeline's declaration."""
    return isinstance(data, dict) and ("stages" in data or isinstance(data.get("pipeline"), dict))


def read_declaration(data: Mapping, file: str) -> Found:
    """Return the pipeline of a declaration."""
    found = Found()
    declared = data["pipeline"] if "stages" not in data else data
    if not declared.get("name") or isinstance(declared["name"], dict | list):
        problem = MALFORMED.problem("The pipeline has no name.", position=declared.position)
        found.add_problems(file, [problem])
        return found
    if declared is not data:
        found.add_problems(file, [_unknown(data, key) for key in data if key not in _BESIDE])
        found.add_problems(file, _take_tags(data, declared))
    if found.errors:
        return found
    name = scalar_text(declared["name"])
    found.pipelines.append(
        FoundPipeline(file=file, resource="", name=name, derived=False, declaration=declared)
    )
    return found


def _take_tags(data: Mapping, declared: Mapping) -> list[Problem]:
    """Take the tags that CreatePipeline gives a pipeline."""
    tags = data.get("tags") or Sequence()
    if not isinstance(tags, Sequence) or not all(isinstance(tag, Mapping) and "key" in tag for tag in tags):
        return [MALFORMED.problem("tags is a list of a key and a value each.", position=data.place("tags"))]
    if tags:
        declared["airflow"] = dag_tags(tags, "key", "value")
    return []


def _unknown(data: Mapping, key: str) -> Problem:
    return MALFORMED.problem(f"Unknown key {shown(key)} beside 'pipeline'.", position=data.place(key))
