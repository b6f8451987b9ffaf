"""What belongs to pipelines without being a part of one: each is the input of a request of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.importing.found import SideFile
from airflow_codepipeline.importing.kinds import SIDE_FILE
from airflow_codepipeline.importing.values import Mapping, Sequence, scalar_text

if TYPE_CHECKING:
    from airflow_codepipeline.definition.findings import Problem


_FLAGS = frozenset({"key", "required", "secret", "queryable"})
_COUNTS = frozenset({"minimumCount", "maximumCount"})


def disabled_transition(
    file: str, resource: str, *, pipeline: str, stage: str, reason: str
) -> tuple[SideFile, Problem]:
    """Return the input of DisableStageTransition, and what is to be said of it."""
    request = Mapping()
    request.update(pipelineName=pipeline, stageName=stage, transitionType="Inbound", reason=reason)
    side = SideFile(
        file=file,
        resource=resource,
        folder="disabled_transitions",
        stem=f"{pipeline}.{stage}",
        data=request,
    )
    message = f"The transition into {stage} is disabled: its request is in a file of its own."
    return side, SIDE_FILE.problem(message, suggestion=SIDE_FILE.right)


def custom_action_type(file: str, resource: str, data: Mapping) -> SideFile:
    """Return the input of CreateCustomActionType."""
    version = data.setdefault("version", "1")
    for name in ("configurationProperties", "inputArtifactDetails", "outputArtifactDetails"):
        if name in data:
            data[name] = _typed(data[name])
    stem = f"{data.get('category')}-{data.get('provider')}-{version}"
    return SideFile(file=file, resource=resource, folder="custom_action_types", stem=stem, data=data)


def _typed(value: Any, key: str = "") -> Any:
    """Return a value with the booleans and numbers that the API wants; a template may have them as texts."""
    if isinstance(value, Mapping):
        value.update({name: _typed(item, name) for name, item in value.items()})
    elif isinstance(value, Sequence):
        for index, item in enumerate(value):
            value[index] = _typed(item)
    elif key in _FLAGS and value in ("true", "false"):
        return value == "true"
    elif key in _COUNTS and isinstance(value, str) and value.isdigit():
        return int(value)
    return value


def webhook(file: str, resource: str, data: Mapping) -> SideFile:
    """Return the input of PutWebhook.

    :param data: the webhook's definition, with its name.
    """
    request = Mapping()
    request["webhook"] = data
    return SideFile(file=file, resource=resource, folder="webhooks", stem=str(data["name"]), data=request)


def dag_tags(tags: Sequence, key: str, value: str) -> Mapping:
    """Return `airflow:` with the tags of AWS, each a mapping of two names."""
    labels = Sequence(tags.position)
    for tag in tags:
        labels.add(tag_label(scalar_text(tag[key]), scalar_text(tag.get(value, ""))), tag.position)
    made = Mapping(tags.position)
    made["tags"] = labels
    return made


def tag_label(key: Any, value: Any) -> str:
    """Return a tag of AWS as a tag of a DAG."""
    return f"{key}={value}" if value else str(key)
