"""What an import reads of a deployed stack."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from airflow_codepipeline.aws.account import Account, pages
from airflow_codepipeline.errors import ActionError

_GONE = "DELETE_COMPLETE"
_NESTED = "AWS::CloudFormation::Stack"


def read_stack(name: str, *, template: str | None, region: str | None, profile: str | None) -> dict[str, Any]:
    """Return a stack, as `importing.imports.import_files` takes it; what cannot be read is never raised.

    :param name: its name, or its id.
    :param template: the template's text; none: the one that was deployed, after its macros, is read.
    """
    try:
        with Account(region=region, profile=profile) as account:
            return _read(account, name, template)
    except ActionError as error:
        return {"failed": {"name": f"stack {name}", "message": error.message}}


def _read(account: Account, name: str, template: str | None) -> dict[str, Any]:
    client = account.client("cloudformation")
    try:
        [stack] = client.describe_stacks(StackName=name)["Stacks"]
    except ActionError as error:
        if "does not exist" not in error.message:
            raise
        known = account.unless_denied(lambda: _names(client), [])
        message = f"There is no stack {name} in {account.region}."
        return {"failed": {"name": name, "message": message, "known": known}}
    return _described(account, client, stack, template)


def _described(account: Account, client: Any, stack: dict[str, Any], template: str | None) -> dict[str, Any]:
    stack_id = stack["StackId"]
    text = _template(client, stack_id) if template is None else template
    resources = pages(client, "list_stack_resources", "StackResourceSummaries", StackName=stack_id)
    refused: list[str] = []
    exports: list[Any] = []
    if "ImportValue" in text:
        exports = account.unless_denied(lambda: pages(client, "list_exports", "Exports"), refused)
    return {
        "stack": stack,
        "template": text,
        "resources": resources,
        "nested": _outputs(account, client, resources, refused),
        "exports": exports,
        "refused": refused,
    }


def _names(client: Any) -> list[str]:
    stacks = pages(client, "list_stacks", "StackSummaries")
    return [stack["StackName"] for stack in stacks if stack["StackStatus"] != _GONE]


def _template(client: Any, stack_id: str) -> str:
    body = client.get_template(StackName=stack_id, TemplateStage="Processed")["TemplateBody"]
    # botocore gives a template in JSON as its data.
    return body if isinstance(body, str) else json.dumps(body)


def _outputs(
    account: Account, client: Any, resources: list[dict[str, Any]], refused: list[str]
) -> dict[str, Any]:
    """Return the outputs of nested stacks by their ids."""
    outputs: dict[str, Any] = {}
    for item in resources:
        if item["ResourceType"] == _NESTED and item.get("PhysicalResourceId"):
            stack_id = item["PhysicalResourceId"]
            read = partial(pages, client, "describe_stacks", "Stacks", StackName=stack_id)
            for stack in account.unless_denied(read, refused):
                outputs[stack_id] = stack.get("Outputs", [])
    return outputs
