"""What was fetched from an AWS account: pipelines and what belongs to them, and a deployed stack."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.suggest import did_you_mean
from airflow_codepipeline.importing.cloudformation.stack import Given, Stack
from airflow_codepipeline.importing.found import Found, FoundPipeline
from airflow_codepipeline.importing.get_pipeline import read_declaration
from airflow_codepipeline.importing.kinds import AWS, NOT_READ, NOT_THERE
from airflow_codepipeline.importing.reading import read_files, read_text
from airflow_codepipeline.importing.request_files import (
    custom_action_type,
    disabled_transition,
    tag_label,
    webhook,
)
from airflow_codepipeline.importing.secret_values import editable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from airflow_codepipeline.definition.findings import Finding
    from airflow_codepipeline.importing.values import Mapping
    from airflow_codepipeline.importing.variables import Variables


def failure(failed: dict[str, Any]) -> Finding:
    """Return the finding of something that could not be fetched.

    :param failed: `name`, `message`, and, where it is a name that is not there, `known`: those that are.
    """
    if "known" in failed:
        suggestion = did_you_mean(failed["name"], failed["known"])
        problem = NOT_THERE.problem(failed["message"], suggestion=suggestion)
    else:
        message = failed["message"]
        ended = message if message.endswith(".") else f"{message}."
        problem = AWS.problem(ended, suggestion=AWS.right)
    return problem.finding(file=failed["name"], position=None)


def read_deployed(
    stack: dict[str, Any], paths: Sequence[Path], *, given: dict[str, str], variables: Variables
) -> Found:
    """Return what a stack's template holds, with the values that the stack has.

    :param stack: what `Stack.of` takes; `template`, the text that was deployed; `refused`, what was not
        allowed to be read. Or `failed` alone, see `failure`.
    :param paths: the template, where a file is to be read in the place of the text.
    """
    if "failed" in stack:
        return Found(errors=[failure(stack["failed"])])
    known = Given(parameters=given, stack=Stack.of(stack))
    name = f"stack {stack['stack']['StackName']}"
    if paths:
        found = read_files(paths, given=known, variables=variables)
    else:
        found = read_text(stack["template"].encode(), name, given=known, variables=variables)
    found.add_problems(name, [NOT_READ.problem(said) for said in stack["refused"]])
    return found


def read_account(account: dict[str, Any]) -> Found:
    """Return the pipelines that were fetched.

    :param account: `region`; `pipelines`, each with what GetPipeline gave as `pipeline` and `arn`, its
        `tags`, `stageStates` and `refused`; the account's `webhooks` (definitions) and custom
        `actionTypes`; `refused`, what was not allowed to be read; `failed`, see `failure`.
    """
    found = Found(errors=[failure(failed) for failed in account["failed"]])
    for entry in account["pipelines"]:
        found.add(_pipeline(entry, account["region"]))
    entries = account["pipelines"]
    for action_type in account["actionTypes"]:
        users = (entry["arn"] for entry in entries if action_type["id"] in _action_types(entry))
        if file := next(users, ""):
            resource = f"action type {action_type['id']['provider']}"
            found.side_files.append(custom_action_type(file, resource, _creation(action_type)))
    files = {entry["pipeline"]["name"]: entry["arn"] for entry in entries}
    for definition in account["webhooks"]:
        if file := files.get(definition["targetPipeline"], ""):
            resource = f"webhook {definition['name']}"
            found.side_files.append(webhook(file, resource, editable(definition)))
    found.add_problems(account["region"], [NOT_READ.problem(said) for said in account["refused"]])
    return found


def _pipeline(entry: dict[str, Any], region: str) -> Found:
    found = read_declaration(editable({"pipeline": entry["pipeline"]}), entry["arn"])
    found.pipelines = [_extended(pipeline, entry, region, found) for pipeline in found.pipelines]
    return found


def _extended(pipeline: FoundPipeline, entry: dict[str, Any], region: str, found: Found) -> FoundPipeline:
    """Return a pipeline with its region and tags; what a declaration cannot hold goes to `found`."""
    extension: dict[str, Any] = {"region": region}
    # AWS alone sets tags that begin so.
    tags = [tag for tag in entry["tags"] if not tag["key"].startswith("aws:")]
    if tags:
        extension["tags"] = [tag_label(tag["key"], tag["value"]) for tag in tags]
    pipeline.declaration["airflow"] = editable(extension)
    problems = [NOT_READ.problem(said) for said in entry["refused"]]
    for state in entry["stageStates"]:
        transition = state.get("inboundTransitionState", {})
        if transition.get("enabled", True):
            continue
        side, problem = disabled_transition(
            pipeline.file,
            "",
            pipeline=pipeline.name,
            stage=state["stageName"],
            reason=transition.get("disabledReason") or "Disabled in the account",
        )
        found.side_files.append(side)
        problems.append(problem)
    return replace(pipeline, problems=(*pipeline.problems, *problems))


def _action_types(entry: dict[str, Any]) -> Iterator[dict[str, str]]:
    for stage in entry["pipeline"]["stages"]:
        yield from (action["actionTypeId"] for action in stage["actions"])


def _creation(action_type: dict[str, Any]) -> Mapping:
    """Return what makes an action type, of what ListActionTypes says of it."""
    request = {key: action_type["id"][key] for key in ("category", "provider", "version")}
    for key in ("settings", "inputArtifactDetails", "outputArtifactDetails"):
        if key in action_type:
            request[key] = action_type[key]
    properties = action_type.get("actionConfigurationProperties")
    if properties:
        request["configurationProperties"] = properties
    made: Mapping = editable(request)
    return made
